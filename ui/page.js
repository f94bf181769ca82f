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

  const wish = (words) => { clicks += 1; write(field("wish"), `${words}#${clicks}`); };
  const words = (name) => document.querySelector(`#notice .sq-ask-${name}`)?.textContent ?? "";

  function rename(button) {
    const title = prompt(words("rename"), button.closest(".sq-entry").querySelector(".sq-conversation").textContent);
    if (title?.trim()) wish(`rename:${button.value}:${title}`);
  }

  function judge(button, verdict) {
    const asks = verdict === "disliked" && !button.matches(".sq-chosen");
    const reason = asks ? prompt(words(verdict)) : "";
    if (reason !== null) wish(`${verdict}:${button.value}:${reason}`);
  }

  function askAgain(button) {
    clicks += 1;
    write(field("anew"), `again:${button.value}#${clicks}`);
    setTimeout(() => byId("send").click(), 30);
  }

  // Asks the question of a turn again with what the panel shows it was searched by, to be edited first.
  function reword(button) {
    clicks += 1;
    document.querySelector("#views input[value=chat]")?.click();
    write(field("anew"), `edit:${button.value}#${clicks}`);
    write(field("question"), button.textContent);
    byId("desk").classList.add("sq-editing");
    field("question").focus();
  }

  function edit(button) {
    const question = button.parentElement.querySelector(".sq-question").innerText;
    clicks += 1;
    write(field("anew"), `edit:${button.value}#${clicks}`);
    write(field("question"), question);
    byId("desk").classList.add("sq-editing");
    field("question").focus();
  }

  function endEditing() {
    byId("desk").classList.remove("sq-editing");
    if (field("anew").value) write(field("anew"), "");
  }

  // The list is open on a wide screen until it is closed, and the other way round on a narrow one.
  const toggleHistory = () => byId("desk").classList.toggle(innerWidth > 1000 ? "sq-list-closed" : "sq-list-open");

  function openConversation(button) {
    byId("desk").classList.remove("sq-list-open");
    wish(`open:${button.value}`);
  }

  function askAbout(button) {
    const question = words("about").replace("{name}", button.textContent);
    document.querySelector("#views input[value=chat]").click();
    write(field("question"), question);
    setTimeout(() => byId("send").click(), 30);
  }

  // All views are there all the time; the chosen one shows.
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("#views input")) return;
    const desk = byId("desk");
    desk.classList.toggle("sq-explore", event.target.value === "explore");
    desk.classList.toggle("sq-shelf", event.target.value === "documents");
    desk.classList.toggle("sq-settings", event.target.value === "settings");
  });

  const picked = [];

  function pick(button) {
    const at = picked.indexOf(button.value);
    if (at >= 0) picked.splice(at, 1); else picked.push(button.value);
    showPicked();
    wish(`compare:${picked.join(".")}`);
  }

  function showPicked() {
    document.querySelectorAll(".sq-pick").forEach((button) => {
      const chosen = picked.includes(button.value);
      if (button.classList.contains("sq-chosen") !== chosen) button.classList.toggle("sq-chosen", chosen);
      button.setAttribute("aria-pressed", chosen);
    });
  }

  // Numbers with a unit of size sort by what they mean, everything else as text; what is not told comes last.
  function weight(text) {
    const size = text.match(/([\d.]+)\s*([MBT万亿]?)/);
    const unit = { M: 1e6, B: 1e9, T: 1e12, "万": 1e4, "亿": 1e8 };
    return size ? parseFloat(size[1]) * (unit[size[2]] ?? 1) : null;
  }

  function sort(button) {
    const [table, column] = [button.closest("table"), Number(button.value)];
    const descending = button.classList.contains("sq-ascending");
    table.querySelectorAll(".sq-sort").forEach((other) => other.classList.remove("sq-ascending", "sq-descending"));
    button.classList.add(descending ? "sq-descending" : "sq-ascending");
    const keyed = [...table.querySelectorAll("tbody tr")].map((row) => {
      const text = row.cells[column].textContent.trim();
      return { row, text, number: /^[\d.]/.test(text) ? weight(text) : null };
    });
    const direction = descending ? -1 : 1;
    keyed.sort((a, b) => {
      if (!a.text || !b.text) return (a.text ? 0 : 1) - (b.text ? 0 : 1);
      const byNumber = a.number !== null && b.number !== null;
      return direction * (byNumber ? a.number - b.number : a.text.localeCompare(b.text));
    });
    table.tBodies[0].append(...keyed.map((entry) => entry.row));
  }

  function filterModels() {
    const wanted = field("find-model").value.trim().toLowerCase().split(/\s+/);
    const has = (text) => wanted.every((word) => text.toLowerCase().includes(word));
    document.querySelectorAll("#models .sq-row, #models .sq-times > li").forEach((row) => {
      row.classList.toggle("sq-out", !has(row.textContent));
    });
    document.querySelectorAll("#models .sq-tree .sq-model").forEach((model) => {
      model.classList.toggle("sq-faint", !has(model.textContent));
    });
  }
  document.addEventListener("input", (event) => { if (event.target.closest?.("#find-model")) filterModels(); });

  // One request a file; what the server answers is shown as text, and the job itself appears in the list.
  async function upload(files) {
    const failed = [];
    for (const file of files) {
      try {
        const answer = await fetch(`/documents/upload?name=${encodeURIComponent(file.name)}`, { method: "POST", body: file });
        if (!answer.ok) failed.push(`${file.name}: ${(await answer.json()).error}`);
      } catch (error) { failed.push(`${file.name}: ${error.message}`); }
      wish("uploaded:");
    }
    if (failed.length) document.querySelector("#upload-note .sq-note").textContent = failed.join(" · ");
  }

  function chooseFiles() {
    const input = document.createElement("input");
    [input.type, input.multiple] = ["file", true];
    input.addEventListener("change", () => upload(input.files));
    input.click();
  }

  const overShelf = (event) => event.target.closest?.("#shelf") && event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => { if (overShelf(event)) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (!overShelf(event)) return;
    event.preventDefault();
    upload(event.dataTransfer.files);
  });

  const sure = (name, button) => { if (confirm(words(name))) wish(`${name}:${button.value}`); };

  function exportConversation(button) {
    const link = document.createElement("a");
    link.href = `/conversations/${encodeURIComponent(button.value)}`;
    link.download = "";
    link.click();
  }

  const actions = {
    "sq-inside": openSource, "sq-knob": askAgain, "sq-reword": reword,
    "sq-export": exportConversation, "sq-document": openSource,
    "sq-only": (button) => wish(`only:${button.value}`), "sq-cancel": (button) => wish(`cancel:${button.value}`),
    "sq-remove": (button) => sure("remove", button), "sq-rollback": (button) => sure("rollback", button),
    "sq-model": askAbout, "sq-pick": pick, "sq-sort": sort,
    "sq-mark": openSource, "sq-source": openSource, "sq-example": askExample, "sq-next": askExample, "sq-copy": copyAnswer,
    "sq-conversation": openConversation, "sq-rename": rename, "sq-again": askAgain, "sq-edit": edit,
    "sq-delete": (button) => sure("delete", button),
    "sq-liked": (button) => judge(button, "liked"), "sq-disliked": (button) => judge(button, "disliked"),
  };

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
    const action = [...button.classList].find((name) => name in actions);
    if (action) actions[action](button);
    else if (button.id === "menu") toggleHistory();
    else if (button.id === "leave") fetch("/logout", { method: "POST" }).finally(() => { location.href = "/login"; });
    else if (button.id === "upload") chooseFiles();
    else if (button.id === "clear") endEditing();
    else if (button.id === "close") opener?.focus({ preventScroll: true });
  });

  // The tip stands above its mark (or below, under the top edge) and never leaves the column of the chat.
  function placeTip(event) {
    const mark = event.target.closest?.(".sq-mark");
    if (!mark) return;
    const tip = mark.querySelector(".sq-tip");
    if (!tip) return;
    const [at, column] = [mark.getBoundingClientRect(), byId("chat").getBoundingClientRect()];
    const above = at.top - tip.offsetHeight - 6;
    tip.style.left = `${Math.max(column.left + 8, Math.min(at.left - 12, column.right - tip.offsetWidth - 12))}px`;
    tip.style.top = `${above > column.top ? above : at.bottom + 6}px`;
  }
  document.addEventListener("mouseover", placeTip);
  document.addEventListener("focusin", placeTip);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (byId("desk")?.classList.contains("sq-editing")) endEditing();
    else if (byId("close")?.offsetParent) byId("close").click();
  });

  // The address names the open conversation, so that a refresh or a bookmark finds it again.
  function nameAddress() {
    if (!document.querySelector("#conversations .sq-conversations, #conversations .sq-note")) return; // not yet known
    const here = byId("conversations").querySelector(".sq-here .sq-conversation");
    const wanted = here ? `?c=${here.value}` : location.pathname;
    if (here ? location.search !== wanted : chatIsEmpty() && location.search) history.replaceState(null, "", wanted);
    here?.setAttribute("aria-current", "true");
  }
  const chatIsEmpty = () => !document.querySelector("#chat .sq-turn");

  function endEditingOnceAsked() {
    if (byId("desk")?.classList.contains("sq-editing") && !field("anew")?.value) byId("desk").classList.remove("sq-editing");
  }

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
    const table = quote.closest(".sq-scroll");
    if (table) table.scrollLeft = quote.offsetLeft - table.clientWidth / 2;
    if (place.top < top || place.bottom > view.bottom) frame.scrollTop += place.top - top - (view.bottom - top) / 5;
  }

  // Gradio labels a message with its raw content, which here is markup: the text itself is the better name.
  function nameThings() {
    document.querySelectorAll("#chat [data-testid=bot][aria-label], #chat [data-testid=user][aria-label]").forEach((message) => {
      message.removeAttribute("aria-label");
    });
    document.querySelectorAll(".sq-mark[title], .sq-source[title], .sq-tool[title]:not([aria-label]), .sq-model[title]:not([aria-label])").forEach((button) => {
      button.setAttribute("aria-label", button.title);
      if (!button.matches(".sq-tool, .sq-model")) button.removeAttribute("title");
    });
  }

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; nameThings(); nameAddress(); endEditingOnceAsked(); showPicked(); showQuote(); });
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
})();
