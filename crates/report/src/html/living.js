// Filters requirements, and keeps what it shows in the address. The page is whole without it.
(() => {
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const form = document.getElementById("filter");
  if (!form) return;
  const rules = all(".rule");
  const fields = [form.elements.text, ...all("select", form)];
  const texts = new Map();

  const contains = (item, wanted) => {
    if (!wanted) return true;
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item).includes(wanted);
  };

  const filter = () => {
    const wanted = form.elements.text.value.trim().toLowerCase();
    const chosen = fields.slice(1).filter((field) => field.value);
    let shown = 0;
    for (const item of rules) {
      const fits = chosen.every((field) => item.dataset[field.name] === field.value);
      item.hidden = !(fits && contains(item, wanted));
      shown += !item.hidden;
    }
    for (const part of all(".chapter")) part.hidden = !part.querySelector(".rule:not([hidden])");
    for (const title of all(".chapters h3")) {
      let next = title.nextElementSibling;
      while (next && next.hidden && next.tagName !== "H3") next = next.nextElementSibling;
      title.hidden = !next || next.tagName === "H3";
    }
    for (const link of all("nav a")) {
      link.hidden = document.getElementById(link.hash.slice(1)).closest("[hidden]") !== null;
    }
    form.querySelector("output").textContent = `${shown} of ${rules.length} shown`;
  };

  // What is shown stands in the address behind "#?", so that it can be sent.
  const remember = () => {
    const params = new URLSearchParams();
    for (const { name, value } of fields) if (value.trim()) params.set(name, value);
    history.replaceState(null, "", params.size ? `#?${params}` : "#");
  };
  const follow = () => {
    const id = location.hash.slice(1);
    if (!id.startsWith("?")) {
      const target = all(":target")[0];
      if (target) jump(target);
      return;
    }
    const params = new URLSearchParams(id);
    for (const field of fields) field.value = params.get(field.name) || "";
    filter();
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { filter(); remember(); });
  addEventListener("hashchange", follow);
  addEventListener("resize", fit);
  filter();
  fit();
  follow();
})();
