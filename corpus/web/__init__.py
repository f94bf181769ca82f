"""What is read from the web when a person asks for it: pages and papers. Nothing here is called by reading a folder or asking."""
