// Filters cases, opens what an address names, copies octets and commands, and writes programs. The page is whole without it.
(() => {
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const cases = all(".case");
  const form = document.getElementById("filter");
  const { text, open, close } = form.elements;
  const texts = new Map();

  // The body of a closed case is the text of its markup, until it is opened: reading all of them would hold up the page.
  const unfold = (item) => {
    const body = item.querySelector("noscript");
    if (body) body.outerHTML = body.textContent;
  };
  const entities = { "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&amp;": "&" };
  const words = (item) => {
    const body = item.querySelector("noscript");
    if (!body) return item.textContent;
    const text = body.textContent.replace(/<[^>]*>/g, "").replace(/&\w+;/g, (entity) => entities[entity] ?? entity);
    return item.firstElementChild.textContent + text;
  };

  const contains = (item, wanted) => {
    if (!wanted) return true;
    if (!texts.has(item)) texts.set(item, words(item).toLowerCase());
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
      unfold(target);
      target.open = true;
    }
    jump(target);
  };

  // The notation of case files: what `printf '%b'` and $'…' of a shell understand.
  const notation = (part) => {
    if (part.matches(".codes")) return part.textContent.replace(/\s/g, "").replace(/../g, "\\x$&");
    const copy = part.cloneNode(true);
    for (const run of all("[data-n]", copy)) run.textContent = run.textContent.repeat(+run.dataset.n);
    return copy.textContent.replaceAll("\n", "");
  };

  const give = async (button, text, shown) => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(shown);
      button.textContent = "Selected";
    }
  };
  const copy = (button) => {
    const parts = all("pre:not(.offsets):not(.chars)", button.closest("li"));
    give(button, parts.map(notation).join(""), parts[0]);
  };

  // The octets that were sent before anything came, as numbers; none when the log is cut.
  const sent = (item) => {
    const codes = [];
    const signs = { r: 13, n: 10, t: 9, "\\": 92 };
    for (const line of all(":scope > li", item.querySelector(".wire"))) {
      if (line.matches(".got")) break;
      if (line.querySelector(".cut")) return [];
      if (!line.matches(".put")) continue;
      const text = all("pre:not(.offsets):not(.chars)", line).map(notation).join("");
      for (const [one, hex, sign] of text.matchAll(/\\x(..)|\\(.)|[^]/g)) {
        codes.push(hex ? parseInt(hex, 16) : sign ? signs[sign] : one.charCodeAt(0));
      }
    }
    return codes;
  };

  // Octets in strings of a language, a line each, none too long to be read.
  const pieces = (codes, escape) => {
    const base = escape === "\\x" ? 16 : 8;
    const named = { 13: "\\r", 10: "\\n", 9: "\\t", 92: "\\\\" };
    const spelled = (code) => named[code] ?? (code < 32 || code > 126 || code === 34 || code === 39
      ? escape + code.toString(base).padStart(base === 16 ? 2 : 3, "0") : String.fromCharCode(code));
    const made = [[]];
    codes.forEach((code, at) => {
      if (at > 0 && (codes[at - 1] === 10 || made.at(-1).length === 256)) made.push([]);
      made.at(-1).push(spelled(code));
    });
    return made.map((piece) => piece.join(""));
  };

  const program = (item, template) => {
    const { host, port, tls } = document.getElementById("upspec-programs").dataset;
    const { worth, accept } = item.dataset;
    const scene = item.closest(".case");
    const [skipped, kept] = tls === "true" ? ["?tcp ", "?tls "] : ["?tls ", "?tcp "];
    const fill = (line, values) => values.reduce((text, [mark, value]) => text.replaceAll(`@${mark}@`, () => value), line);
    const title = scene.querySelector(".title").firstChild.textContent;
    const scalars = [["ID", scene.id.replace(/[^\w./-]/g, "")], ["TITLE", title], ["HOST", host], ["PORT", port],
      ["AUTHORITY", host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`], ["ACCEPT", accept ?? ""]];
    const parts = pieces(sent(scene), template.dataset.escape);
    const lines = [];
    for (let line of template.textContent.trimEnd().split("\n")) {
      if (line.startsWith(skipped)) continue;
      if (line.startsWith(kept)) line = line.slice(kept.length);
      if (line.includes("@PIECE@")) parts.forEach((part) => lines.push(fill(line, [["PIECE", part]])));
      else if (!line.includes("@GRADE@")) lines.push(fill(line, scalars));
      else for (const row of worth.split(",")) {
        const [grade, from, to] = row.split(" ");
        lines.push(fill(line, [["GRADE", grade], ["FROM", from], ["TO", to]]));
      }
    }
    return `${lines.join("\n")}\n`;
  };

  const button = (name, act) => Object.assign(document.createElement("button"), { type: "button", textContent: name, onclick: act });

  const offer = (item) => {
    const languages = document.getElementById("upspec-programs");
    if (item.querySelector("button") || sent(item.closest(".case")).length === 0) return;
    const shown = document.createElement("pre");
    const row = document.createElement("p");
    const choose = (chosen, template) => {
      for (const other of all("[aria-pressed]", row)) other.setAttribute("aria-pressed", other === chosen);
      shown.textContent = program(item, template);
    };
    for (const template of languages.content.children) {
      const language = button(template.dataset.title, (event) => choose(event.currentTarget, template));
      language.setAttribute("aria-pressed", "false");
      row.append(language);
    }
    row.append(button("Copy", ({ currentTarget }) => give(currentTarget, shown.textContent, shown)));
    item.querySelector("p").replaceWith(row, shown);
    row.firstChild.click();
  };

  // A command is copied as it stands.
  const addCopies = (item) => {
    for (const line of all(".again:not(:has(button))", item)) {
      const command = line.querySelector("code");
      const copying = button("Copy", ({ currentTarget }) => give(currentTarget, command.textContent, command));
      copying.title = "Copy the command";
      line.append(" ", copying);
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
    addCopies(item);
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { filter(); remember(); });
  open.addEventListener("click", () => cases.forEach((item) => { item.open = item.open || !item.hidden; }));
  close.addEventListener("click", () => cases.forEach((item) => { item.open = false; }));
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".case[open]")) {
      unfold(event.target);
      addButtons(event.target);
    }
    if (event.target.matches(".program[open]")) offer(event.target);
  }, true);
  document.addEventListener("click", (event) => {
    if (event.target.matches(".wire button")) copy(event.target);
  });
  addEventListener("hashchange", follow);
  // Once the page is laid out, and whenever the filter takes more rows or fewer: to ask for it here would hold up the page.
  new ResizeObserver(fit).observe(form);
  all(".causes").forEach(addCopies);
  filter();
  follow();
})();
