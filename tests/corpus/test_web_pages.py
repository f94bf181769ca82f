"""Pages on the web: fetched from a real server on this machine, which the operator has to allow."""

import gzip
import socket
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from corpus import Document, ReadError
from corpus.errors import AddressRefused, FetchError, Offline
from corpus.keeping import KeptReadings
from corpus.web import fetching, pages
from corpus.web.addresses import check, is_public
from corpus.web.fetching import PAUSE, Fetcher
from rag.sources import forget_pages

ARTICLE = (
    "<html><head><title>Tides | Site</title><meta name='author' content='Ada Lind'><meta property='article:published_time' content='2024-03-05'>"
    "</head><body><nav><a href='/'>Home</a></nav><article><h1>Tides</h1><p>The tide at the pier rises four metres in six hours, as the "
    "keeper wrote down every day. See <a href='/more.html'>more of it</a>.</p></article></body></html>"
)


def read_page(url: str, asking: Fetcher) -> list[Document]:
    return list(pages.read_page(url, asking).documents)


def fetcher(site, **options) -> Fetcher:
    return Fetcher(allowed=[site.host], **{"sleep": lambda seconds: None, **options})


def test_a_page_becomes_a_document_named_by_its_address(site) -> None:
    (document,) = read_page(site.page("/tides.html", ARTICLE) + "#part", fetcher(site))
    assert (document.id, document.url, document.title) == (f"{site.url}/tides.html", f"{site.url}/tides.html", "Tides")
    assert document.metadata["author"] == "Ada Lind"
    assert document.metadata["date"] == "2024-03-05"
    assert document.links[0].url == f"{site.url}/more.html"
    assert "Home" not in document.text


def test_the_charset_of_the_server_counts(site) -> None:
    page = "<html><body><p>潮水在码头上涨了四米，看守人每天都记录下来。</p></body></html>"
    address = site.page("/zh", page.encode("gbk"), kind="text/html; charset=gbk")
    assert "潮水在码头上涨了四米" in read_page(address, fetcher(site))[0].text


def test_a_redirect_is_followed_and_the_last_address_is_the_source(site) -> None:
    site.page("/new.html", ARTICLE)
    (document,) = read_page(site.redirect("/old", "/new.html"), fetcher(site))
    assert (document.id, document.url) == (f"{site.url}/old", f"{site.url}/new.html")


def test_a_file_on_the_web_is_read_by_its_type(site, written) -> None:
    address = site.page("/paper", (written / "en-print.pdf").read_bytes(), kind="application/pdf")
    assert read_page(address, fetcher(site))[0].title == "A Survey of Harbour Models"
    address = site.page("/notes.md", b"# Notes\n\nText.", kind="text/plain")
    assert read_page(address, fetcher(site))[0].title == "Notes"


def test_what_is_no_text_is_refused_by_its_type(site) -> None:
    with pytest.raises(FetchError, match="it is image/png, which is not read"):
        read_page(site.page("/a.png", b"\x89PNG", kind="image/png"), fetcher(site))


def test_a_host_that_is_not_public_is_refused_unless_the_operator_allows_it(site) -> None:
    address = site.page("/tides.html", ARTICLE)
    with pytest.raises(
        AddressRefused, match=r"127\.0\.0\.1, which is no public address; if you trust it, allow it with --allow-host"
    ):
        read_page(address, Fetcher())
    assert site.asked == []


@pytest.mark.parametrize("url", [
    "http://127.0.0.1/", "http://localhost/", "http://2130706433/", "http://0x7f.1/", "http://0/", "http://[::1]/",
    "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data/", "http://10.1.2.3/", "http://192.168.0.1/",
    "http://172.16.0.1/", "http://100.64.0.1/", "http://[fe80::1]/", "http://[fd00::1]/", "http://224.0.0.1/",
    "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://198.18.0.1/", "http://255.255.255.255/",
])  # fmt: skip
def test_private_local_and_reserved_addresses_are_refused_in_every_spelling(url: str) -> None:
    with pytest.raises((AddressRefused, Offline)):
        check(url)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://example.org",
        "http://",
        "http://a b/",
        "http://[",
        "javascript:alert(1)",
        "http://h:99999/",
        "http:\\\\\\\\127.0.0.1/",
        "http://a\\\\b/",
        "http://<b>/",
    ],
)
def test_what_is_no_address_of_a_page_is_refused(url: str) -> None:
    with pytest.raises(FetchError, match="it is no address"):
        check(url)


def test_passwords_in_addresses_are_refused() -> None:
    with pytest.raises(AddressRefused, match="user name or password"):
        check("http://user:secret@example.org/")


def test_public_addresses_are_public() -> None:
    assert is_public("93.184.216.34")
    assert is_public("2606:2800:220:1:248:1893:25c8:1946")
    assert not is_public("not an address")


def test_a_redirect_into_a_private_network_is_refused(site) -> None:
    address = site.redirect("/out", "http://169.254.169.254/latest/meta-data/")
    with pytest.raises(AddressRefused, match=r"169\.254\.169\.254, which is no public address"):
        read_page(address, fetcher(site))
    with pytest.raises(FetchError, match="it is no address of http"):
        read_page(site.redirect("/file", "file:///etc/passwd"), fetcher(site))


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1"):
        check("http://example.org/", resolve=lambda host, port: ["93.184.216.34", "10.0.0.1"])


def test_a_name_is_resolved_once_and_the_checked_address_is_asked(site) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.1"]])  # a third question would fail
    port = site.host.partition(":")[2]
    site.page("/tides.html", ARTICLE)
    asking = Fetcher(allowed=["rebound.example"], resolve=lambda host, port: next(answers))
    assert asking.get(f"http://rebound.example:{port}/tides.html", robots=False).content == ARTICLE.encode()
    assert next(answers) == ["127.0.0.1"]


def test_robots_are_respected_also_after_a_redirect(site) -> None:
    site.page("/robots.txt", "User-agent: *\nDisallow: /private/", kind="text/plain")
    site.page("/private/a.html", ARTICLE)
    with pytest.raises(AddressRefused, match=r"asks programs not to read /private/a\.html \(its robots\.txt\)"):
        read_page(f"{site.url}/private/a.html", fetcher(site))
    with pytest.raises(AddressRefused, match=r"robots\.txt"):
        read_page(site.redirect("/a", "/private/a.html"), fetcher(site))
    assert "/private/a.html" not in site.asked


def test_robots_are_asked_once_for_each_site(site) -> None:
    asking = fetcher(site)
    for _ in range(2):
        read_page(site.page("/tides.html", ARTICLE), asking)
    assert site.asked.count("/robots.txt") == 1


def test_redirects_end(site) -> None:
    with pytest.raises(FetchError, match="it redirects more than 5 times"):
        read_page(site.redirect("/loop", "/loop"), fetcher(site))


def test_an_answer_that_is_too_large_is_refused_also_if_it_is_packed(site) -> None:
    site.page("/large", b"x" * 20_000)
    with pytest.raises(FetchError, match="it is larger than 0 MB"):
        fetcher(site, largest=10_000).get(f"{site.url}/large")
    site.page("/bomb", gzip.compress(b"0" * 50_000_000), Content_Encoding="gzip")
    with pytest.raises(FetchError, match="it is larger than 1 MB"):
        fetcher(site, largest=1_000_000).get(f"{site.url}/bomb")


def test_a_packed_answer_is_unpacked(site) -> None:
    site.page("/packed", gzip.compress(b"plain"), Content_Encoding="gzip")
    assert fetcher(site).get(f"{site.url}/packed").content == b"plain"
    site.page("/other", b"x", Content_Encoding="br")
    with pytest.raises(FetchError, match="packed in a way that was not asked for"):
        fetcher(site).get(f"{site.url}/other")


def test_a_server_that_drips_is_given_up_in_time(site) -> None:
    def drip(handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            pass

    site.answers["/drip"] = drip
    with pytest.raises(FetchError, match="takes longer than"):
        fetcher(site, seconds=0.3).get(f"{site.url}/drip", robots=False)


def test_a_status_that_is_no_success_is_told(site) -> None:
    with pytest.raises(ReadError, match=r"/nothing: 127\.0\.0\.1 answers 404"):
        read_page(f"{site.url}/nothing", fetcher(site))


def test_a_name_that_nobody_has_and_a_port_where_nobody_listens_are_offline() -> None:
    with pytest.raises(Offline, match=r"the name nobody\.invalid cannot be resolved; is there a network\?"):
        Fetcher().get("http://nobody.invalid/")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Offline, match="does not answer"):
        Fetcher(allowed=["127.0.0.1"]).get(f"http://127.0.0.1:{port}/")


def test_no_proxy_of_the_environment_is_asked(site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert read_page(site.page("/tides.html", ARTICLE), fetcher(site))[0].title == "Tides"


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clock stand still, so that waits are what was asked for however slow the machine is."""
    monkeypatch.setattr(fetching, "time", SimpleNamespace(monotonic=lambda: 100.0))


@pytest.mark.usefixtures("stopped")
def test_two_pages_of_one_host_are_asked_for_with_a_pause_between_them(site) -> None:
    waited: list[float] = []
    asking = fetcher(site, sleep=waited.append)
    for path in ("/one.html", "/two.html"):
        read_page(site.page(path, ARTICLE), asking)
    assert waited == [PAUSE]


@pytest.mark.usefixtures("stopped")
def test_a_site_that_wants_more_time_between_pages_gets_it(site) -> None:
    site.page("/robots.txt", "User-agent: *\nCrawl-delay: 7\n", kind="text/plain")
    waited: list[float] = []
    asking = fetcher(site, sleep=waited.append)
    for path in ("/one.html", "/two.html"):
        read_page(site.page(path, ARTICLE), asking)
    assert waited == [7.0]


def test_a_busy_site_is_asked_again_after_the_time_that_it_names(site) -> None:
    def busy(handler) -> None:
        handler.send_response(429)
        handler.send_header("Retry-After", "9")
        handler.end_headers()
        site.page("/tides.html", ARTICLE)

    site.answers["/tides.html"] = busy
    waited: list[float] = []
    (document,) = read_page(f"{site.url}/tides.html", fetcher(site, sleep=waited.append))
    assert (document.title, waited[0]) == ("Tides", 9.0)


@pytest.mark.parametrize(("wait", "requests"), [("1", 3), ("3600", 1)])
def test_a_site_that_stays_busy_or_asks_for_too_much_time_is_given_up(site, wait: str, requests: int) -> None:
    site.answers["/tides.html"] = (503, {"Retry-After": wait}, b"")
    with pytest.raises(FetchError, match="answers 503 Service Unavailable"):
        read_page(f"{site.url}/tides.html", fetcher(site))
    assert site.asked.count("/tides.html") == requests


def kept_in(place: Path) -> KeptReadings:
    return KeptReadings(place, place, largest=10_000)


def test_a_page_that_holds_what_it_held_is_not_parsed_again(site, tmp_path: Path, monkeypatch) -> None:
    address = site.page("/tides.html", ARTICLE)
    with kept_in(tmp_path) as kept:
        first = pages.read_page(address, fetcher(site), kept=kept)
    monkeypatch.setattr(pages, "Worker", None)
    with kept_in(tmp_path) as kept:
        assert pages.read_page(address, fetcher(site), kept=kept) == first
        site.page("/tides.html", ARTICLE.replace("four metres", "five metres"))
        with pytest.raises(TypeError):
            pages.read_page(address, fetcher(site), kept=kept)


def test_without_a_network_the_last_reading_of_a_page_serves_and_is_told(site, tmp_path: Path) -> None:
    address = site.page("/tides.html", ARTICLE)
    with kept_in(tmp_path) as kept:
        first = pages.read_page(address, fetcher(site), kept=kept)
        site.close()
        again = pages.read_page(address, fetcher(site), kept=kept)
        with pytest.raises(Offline):
            pages.read_page(f"{site.url}/other.html", fetcher(site), kept=kept)
    assert again.documents == first.documents
    assert "does not answer; is there a network?; what it held before is used" in again.skipped[0].reason


def test_nothing_is_kept_of_a_page_that_is_forgotten(site, tmp_path: Path) -> None:
    address = site.page("/tides.html", ARTICLE)
    with kept_in(tmp_path) as kept:
        pages.read_page(address, fetcher(site), kept=kept)
    assert any(b"keeper" in path.read_bytes() for path in tmp_path.iterdir())
    forget_pages([address], tmp_path)
    assert not any(b"keeper" in path.read_bytes() for path in tmp_path.iterdir())
