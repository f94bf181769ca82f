// Wires the buttons that rendering.py draws. Static: no string of a document or a model ever becomes part of it.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const field = (id) => byId(id)?.querySelector("textarea, input");

  // Gradio hears of a value only through the field's own input event.
  function write(input, value) {
    const prototype = input instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
    Object.getOwnPropertyDescriptor(prototype.prototype, "value").set.call(input, value);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  let clicks = 0;
  let opener = null; // the button that opened the panel: focus goes back there

  function openSource(button) {
    document.querySelectorAll(".sq-open").forEach((other) => other.classList.remove("sq-open"));
    button.classList.add("sq-open");
    opener = button;
    clicks += 1; // the same source twice is two wishes
    write(field("place"), `${button.value}#${clicks}`);
  }

  function askExample(button) {
    write(field("question"), button.textContent);
    setTimeout(() => byId("send").click(), 30);
  }

  function copyAnswer(button) {
    const copy = button.closest(".sq-turn").querySelector(".sq-text").cloneNode(true);
    copy.querySelectorAll(".sq-mark").forEach((mark) => mark.replaceWith(` [${mark.firstChild.textContent}]`));
    copy.style.cssText = "position:fixed;left:-200vw;top:0;width:60em";
    document.body.append(copy);
    const text = copy.innerText.trim();
    copy.remove();
    const label = button.textContent;
    navigator.clipboard?.writeText(text).then(() => {
      button.textContent = button.title;
      setTimeout(() => { button.textContent = label; }, 1500);
    }, () => {});
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.matches(".sq-mark, .sq-source")) openSource(button);
    else if (button.matches(".sq-example")) askExample(button);
    else if (button.matches(".sq-copy")) copyAnswer(button);
    else if (button.id === "close") opener?.focus({ preventScroll: true });
  });

  // The tip stands above its mark (or below, under the top edge) and never leaves the column of the chat.
  function placeTip(event) {
    const mark = event.target.closest?.(".sq-mark");
    if (!mark) return;
    const tip = mark.querySelector(".sq-tip");
    const [at, column] = [mark.getBoundingClientRect(), byId("chat").getBoundingClientRect()];
    const above = at.top - tip.offsetHeight - 6;
    tip.style.left = `${Math.max(column.left + 8, Math.min(at.left - 12, column.right - tip.offsetWidth - 12))}px`;
    tip.style.top = `${above > column.top ? above : at.bottom + 6}px`;
  }
  document.addEventListener("mouseover", placeTip);
  document.addEventListener("focusin", placeTip);

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && byId("close")?.offsetParent) byId("close").click();
  });

  let shown = null; // the panel's content that was scrolled to last

  function showQuote() {
    const panel = document.querySelector("#source .sq-panel");
    if (!panel || panel === shown) return;
    shown = panel;
    const quote = panel.querySelector("mark");
    const frame = byId("source");
    frame.scrollTop = 0;
    if (!quote) return;
    const [place, view] = [quote.getBoundingClientRect(), frame.getBoundingClientRect()];
    const top = panel.querySelector("header").getBoundingClientRect().bottom; // the title stays in place above
    if (place.top < top || place.bottom > view.bottom) frame.scrollTop += place.top - top - (view.bottom - top) / 5;
  }

  // Gradio labels a message with its raw content, which here is markup: the text itself is the better name.
  function nameThings() {
    document.querySelectorAll("#chat [data-testid=bot][aria-label], #chat [data-testid=user][aria-label]").forEach((message) => {
      message.removeAttribute("aria-label");
    });
    document.querySelectorAll(".sq-mark[title], .sq-source[title]").forEach((button) => {
      button.setAttribute("aria-label", button.title);
      button.removeAttribute("title");
    });
  }

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; nameThings(); showQuote(); });
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
})();
