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

  let clicks = 0; // the same wish twice is two wishes
  let opener = null; // the button that opened the panel: focus goes back there
  const desk = () => byId("desk");
  const numbered = (words) => { clicks += 1; return `${words}#${clicks}`; };
  const tell = (name, words) => write(field(name), numbered(words));
  const wish = (words) => tell("wish", words);
  const work = (words) => tell("work", words);

  function openSource(button) {
    document.querySelectorAll(".sq-open").forEach((other) => other.classList.remove("sq-open"));
    button.classList.add("sq-open");
    opener = button;
    desk().classList.add("sq-side-open");
    tell("place", button.value);
    if (button.closest("#chat")) setTimeout(() => button.scrollIntoView({ block: "nearest" }), 60); // the chat got smaller
  }

  function closeSource() {
    if (!desk().classList.contains("sq-side-open")) return;
    desk().classList.remove("sq-side-open");
    document.querySelectorAll(".sq-open").forEach((button) => button.classList.remove("sq-open"));
    shown = null;
    write(field("place"), "");
    opener?.focus({ preventScroll: true });
  }

  // While an answer is written, what would change the chat behind its back waits until it is written; what leads to
  // another chat ends it first.
  const isBusy = () => Boolean(document.querySelector("#busy .sq-busy"));
  let waiting = null;

  function whenIdle(act, { stop = false } = {}) {
    if (!isBusy()) return act();
    waiting = act;
    if (stop) byId("stop").click();
  }

  let taken = ""; // which question was taken last: a quick answer is never seen while it is written

  function showBusy() {
    const busy = isBusy();
    const now = document.querySelector("#busy [class*=sq-taken-]")?.className.match(/sq-taken-\d+/)[0] ?? "";
    if (now && now !== taken) { taken = now; beginAnswer(); follow(); }
    if (desk() && desk().classList.contains("sq-at-work") !== busy) desk().classList.toggle("sq-at-work", busy);
    if (!busy && waiting) { const act = waiting; waiting = null; setTimeout(act, 0); }
    document.querySelectorAll("#language input").forEach((input) => { if (input.disabled !== busy) input.disabled = busy; });
  }

  // The question was taken: the field is free, unless an earlier one is asked again and a draft stands there.
  function beginAnswer() {
    const [question, anew] = [field("question"), field("anew")];
    if (!anew.value.startsWith("again:") && question.value.trim() === asked) write(question, "");
    if (anew.value) write(anew, "");
    desk().classList.remove("sq-editing");
  }

  let asked = ""; // what stood in the field when it was sent: a draft that was begun meanwhile stays
  const noteAsked = () => { if (!isBusy()) asked = field("question").value.trim(); };
  document.addEventListener("click", (event) => { if (event.target.closest?.("#send")) noteAsked(); }, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && event.target.closest?.("#question")) noteAsked();
  }, true);

  // The end of what is written is in view until its question reaches the top, and stays there: an answer is read from
  // its beginning. Whoever scrolls is left alone.
  let following = 0; // until when, in milliseconds
  const follow = () => { following = performance.now() + 1500; };
  const scroller = () => document.querySelector("#chat .panel-wrap, #chat .bubble-wrap");
  for (const moved of ["wheel", "touchmove", "pointerdown"]) {
    document.addEventListener(moved, (event) => { if (event.target.closest?.("#chat")) following = 0; }, { passive: true });
  }

  function keepInView() {
    if (isBusy() && following) follow();
    const [frame, questions] = [scroller(), document.querySelectorAll("#chat .sq-question")];
    if (!frame || !questions.length || performance.now() > following) return;
    const last = questions[questions.length - 1].getBoundingClientRect().top - frame.getBoundingClientRect().top;
    frame.scrollTop = Math.min(frame.scrollTop + last - 20, frame.scrollHeight - frame.clientHeight);
  }

  let conversation = ""; // another one that is opened shows its last turn
  function showLastTurn() {
    const here = document.querySelector("#conversations .sq-here .sq-conversation")?.value ?? "";
    if (here !== conversation && document.querySelector("#chat .sq-turn")) { conversation = here; follow(); }
  }

  const send = () => setTimeout(() => byId("send").click(), 30); // Gradio takes in what was written first
  const look = (view) => document.querySelector(`#views input[value=${view}]`)?.click();
  const words = (name) => document.querySelector(`#notice .sq-ask-${name}`)?.textContent ?? "";

  // Asks in a box over the page; gives what was typed ("" where there is no field), or null for no.
  function consult(question, { value = null } = {}) {
    const make = (tag, fields, ...inside) => {
      const element = Object.assign(document.createElement(tag), fields);
      element.append(...inside);
      return element;
    };
    const input = value === null ? null : make("input", { value, maxLength: 2_000 });
    const yes = make("button", { className: "sq-yes", value: "yes" }, words("yes"));
    const no = make("button", { className: "sq-no", type: "button" }, words("no"));
    const tools = make("div", { className: "sq-dialog-tools" }, yes, no);
    const form = make("form", { method: "dialog" }, make("label", {}, question, ...(input ? [input] : [])), tools);
    const dialog = make("dialog", { className: "sq-dialog" }, form);
    dialog.setAttribute("aria-label", question);
    no.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    desk().append(dialog);
    dialog.showModal();
    input?.select();
    return new Promise((resolve) => dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? input?.value ?? "" : null);
    }));
  }

  async function rename(button) {
    const value = button.closest(".sq-entry").querySelector(".sq-conversation").textContent;
    const title = await consult(words("rename"), { value });
    if (title?.trim()) wish(`rename:${button.value}:${title}`);
  }

  async function judge(button, verdict) {
    const asks = verdict === "disliked" && !button.matches(".sq-chosen");
    const reason = asks ? await consult(words(verdict), { value: "" }) : "";
    if (reason !== null) wish(`${verdict}:${button.value}:${reason}`);
  }

  function askAgain(button) {
    look("chat");
    tell("anew", `again:${button.value}`);
    send();
  }

  function edit(place, question) {
    look("chat");
    tell("anew", `edit:${place}`);
    write(field("question"), question);
    desk().classList.add("sq-editing");
    field("question").focus();
  }
  const editAsked = (button) => edit(button.value, button.parentElement.querySelector(".sq-question").innerText);
  const reword = (button) => edit(button.value, button.textContent); // what the panel shows it was searched by

  function endEditing() {
    if (!desk().classList.contains("sq-editing")) return;
    desk().classList.remove("sq-editing");
    write(field("anew"), "");
    write(field("question"), "");
  }

  // The list is open on a wide screen until it is closed, and the other way round on a narrow one.
  const toggleHistory = () => desk().classList.toggle(innerWidth > 1000 ? "sq-list-closed" : "sq-list-open");

  function openConversation(button) {
    desk().classList.remove("sq-list-open");
    closeSource();
    look("chat");
    wish(`open:${button.value}`);
  }

  function ask(question) {
    look("chat");
    write(field("question"), question);
    send();
  }

  // All views are there all the time; the chosen one shows.
  document.addEventListener("change", (event) => {
    if (!event.target.matches?.("#views input")) return;
    for (const [name, view] of [["sq-explore", "explore"], ["sq-shelf", "documents"], ["sq-settings", "settings"]]) {
      desk().classList.toggle(name, event.target.value === view);
    }
    desk().classList.remove("sq-list-open");
    closeSource();
  });

  const picked = [];

  function pick(button) {
    const at = picked.indexOf(button.value);
    if (at >= 0) picked.splice(at, 1); else picked.push(button.value);
    showPicked();
    tell("picked", `compare:${picked.join(".")}`);
  }

  function pickNone() {
    picked.length = 0;
    showPicked();
    tell("picked", "compare:");
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
    const language = document.querySelector("#language input:checked")?.value ?? "en";
    for (const file of files) {
      try {
        const to = `/documents/upload?language=${language}&name=${encodeURIComponent(file.name)}`;
        const answer = await fetch(to, { method: "POST", body: file });
        if (!answer.ok) failed.push(`${file.name}: ${(await answer.json()).error}`);
      } catch (error) { failed.push(`${file.name}: ${error.message}`); }
      work("uploaded:");
    }
    const note = document.querySelector("#upload-note .sq-note");
    note.classList.toggle("sq-bad", failed.length > 0);
    if (failed.length) note.textContent = failed.join(" · ");
  }

  function chooseFiles() {
    const input = document.createElement("input");
    [input.type, input.multiple] = ["file", true];
    input.addEventListener("change", () => upload(input.files));
    input.click();
  }

  const overShelf = (event) => event.target.closest?.("#shelf") && event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    byId("shelf")?.classList.toggle("sq-dropping", Boolean(overShelf(event)));
    if (overShelf(event)) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    byId("shelf")?.classList.remove("sq-dropping");
    if (!overShelf(event)) return;
    event.preventDefault();
    upload(event.dataTransfer.files);
  });

  async function sure(name, button, tells) {
    if (await consult(words(name)) !== null) tells(`${name}:${button.value}`);
  }

  function exportConversation(button) {
    const link = document.createElement("a");
    link.href = `/conversations/${encodeURIComponent(button.value)}`;
    link.download = "";
    link.click();
  }

  const leads = (act) => (button) => whenIdle(() => act(button), { stop: true });
  const waits = (act) => (button) => whenIdle(() => act(button));
  const actions = {
    "sq-mark": openSource, "sq-source": openSource, "sq-inside": openSource, "sq-document": openSource,
    "sq-copy": copyAnswer, "sq-export": exportConversation,
    "sq-example": leads((button) => ask(button.textContent)), "sq-next": leads((button) => ask(button.textContent)),
    "sq-model": leads((button) => ask(words("about").replace("{name}", button.textContent))),
    "sq-knob": leads(askAgain), "sq-again": leads(askAgain), "sq-edit": leads(editAsked), "sq-reword": leads(reword),
    "sq-conversation": leads(openConversation), "sq-rename": waits(rename),
    "sq-delete": leads((button) => sure("delete", button, wish)),
    "sq-liked": waits((button) => judge(button, "liked")), "sq-disliked": waits((button) => judge(button, "disliked")),
    "sq-pick": pick, "sq-pick-none": pickNone, "sq-sort": sort,
    "sq-only": waits((button) => work(`only:${button.value}`)), "sq-these": waits(() => work("these:")),
    "sq-everything": waits(() => work("everything:")),
    "sq-facet": (button) => work(`facet:${button.value === "all" ? "" : button.value}`),
    "sq-cancel": (button) => work(`cancel:${button.value}`),
    "sq-remove": waits((button) => sure("remove", button, work)),
    "sq-rollback": (button) => sure("rollback", button, work),
  };

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

  // Before Gradio hears of it: a new chat ends an answer that is being written.
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("#clear");
    if (!button) return;
    endEditing();
    closeSource();
    look("chat");
    if (!isBusy()) return;
    event.stopImmediatePropagation();
    whenIdle(() => button.click(), { stop: true });
  }, true);

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) {
      if (!event.target.closest?.("#history")) desk()?.classList.remove("sq-list-open");
      return;
    }
    const action = [...button.classList].find((name) => name in actions);
    if (action) actions[action](button);
    else if (button.id === "menu") toggleHistory();
    else if (button.id === "leave") fetch("/logout", { method: "POST" }).finally(() => { location.href = "/login"; });
    else if (button.id === "upload") chooseFiles();
    else if (button.id === "close") closeSource();
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
    if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
    if (desk()?.classList.contains("sq-editing")) endEditing();
    else if (desk()?.classList.contains("sq-list-open")) toggleHistory();
    else closeSource();
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

  // An empty chat begins at its top, whatever stood there before.
  function showWelcome() {
    const welcome = document.querySelector("#chat .sq-welcome");
    if (!welcome || welcome === welcomed) return;
    welcomed = welcome;
    for (let frame = welcome; frame && frame.id !== "chat"; frame = frame.parentElement) frame.scrollTop = 0;
  }
  let welcomed = null;

  let due = false;
  new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      for (const settle of [showBusy, nameThings, nameAddress, showLastTurn, keepInView, showPicked, showWelcome, showQuote]) settle();
    });
  }).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-label"] });
})();
