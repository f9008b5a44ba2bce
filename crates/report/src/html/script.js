"use strict";
// Filters cases, opens what an address names, and copies octets. The page is whole without it.
(() => {
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const cases = all(".case");
  const form = document.getElementById("filter");
  const { text, open, close } = form.elements;
  const texts = new Map();

  const contains = (item, wanted) => {
    if (!wanted) return true;
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item).includes(wanted);
  };

  const boxes = all("[name=verdict]", form);
  const choices = all("select", form);

  const filter = () => {
    const verdicts = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const wanted = text.value.trim().toLowerCase();
    const chosen = choices.filter((choice) => choice.value);
    const fits = (item) => chosen.every((choice) => item.dataset[choice.name] === choice.value);
    let shown = 0;
    for (const item of cases) {
      item.hidden = !(verdicts.has(item.dataset.verdict) && fits(item) && contains(item, wanted));
      shown += !item.hidden;
    }
    for (const chapter of all(".chapter")) {
      chapter.hidden = !chapter.querySelector(".case:not([hidden])");
    }
    for (const title of all(".chapters h3")) {
      let next = title.nextElementSibling;
      while (next && next.hidden && next.tagName !== "H3") next = next.nextElementSibling;
      title.hidden = !next || next.tagName === "H3";
    }
    form.querySelector("output").textContent = `${shown} of ${cases.length} shown`;
  };

  // What is shown stands in the address behind "#?", so that it can be sent.
  const remember = () => {
    const params = new URLSearchParams();
    for (const box of boxes) if (!box.checked) params.append("without", box.value);
    for (const { name, value } of [text, ...choices]) if (value.trim()) params.set(name, value);
    history.replaceState(null, "", params.size ? `#?${params}` : "#");
  };
  const recall = (words) => {
    const params = new URLSearchParams(words);
    for (const box of boxes) box.checked = !params.getAll("without").includes(box.value);
    for (const field of [text, ...choices]) field.value = params.get(field.name) || "";
    filter();
    document.getElementById("results").scrollIntoView();
  };

  const follow = () => {
    let id = location.hash.slice(1);
    if (id.startsWith("?")) { recall(id); return; }
    try { id = decodeURIComponent(id); } catch { return; }
    const target = document.getElementById(id);
    if (!target) return;
    if (target.matches(".case")) {
      target.hidden = false;
      target.closest(".chapter").hidden = false;
      target.open = true;
    }
    target.scrollIntoView();
  };

  // The notation of case files: what `printf '%b'` and $'…' of a shell understand.
  const notation = (part) => {
    if (part.matches(".codes")) return part.textContent.replace(/\s/g, "").replace(/../g, "\\x$&");
    const copy = part.cloneNode(true);
    for (const run of all("[data-n]", copy)) run.textContent = run.textContent.repeat(+run.dataset.n);
    return copy.textContent.replaceAll("\n", "");
  };

  const copy = async (button) => {
    const parts = all("pre:not(.offsets):not(.chars)", button.closest("li"));
    try {
      await navigator.clipboard.writeText(parts.map(notation).join(""));
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(parts[0]);
      button.textContent = "Selected";
    }
  };

  const addButtons = (item) => {
    for (const line of all(".wire li:not(:has(button, .cut)):has(pre) > p", item)) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Copy";
      button.title = "Copy the octets with escapes";
      line.append(button);
    }
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { filter(); remember(); });
  open.addEventListener("click", () => cases.forEach((item) => { item.open = item.open || !item.hidden; }));
  close.addEventListener("click", () => cases.forEach((item) => { item.open = false; }));
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".case[open]")) addButtons(event.target);
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.matches(".wire button")) copy(event.target);
  });
  addEventListener("hashchange", follow);
  filter();
  follow();
})();
