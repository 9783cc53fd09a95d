// Search in Chinese: mdBook's index splits text at spaces, and so has no words in a Chinese page. This one looks for the text itself.
(() => {
  "use strict";

  if (typeof elasticlunr === "undefined") return;

  const WINDOW = 60; // characters before and after a hit in the text of a result
  const searchables = new WeakMap();

  function searchableOf(index) {
    if (!searchables.has(index)) {
      const documents = Object.entries(index.documentStore.docs);
      const searchable = documents.map(([ref, doc]) => ({
        ref,
        doc,
        title: doc.title.toLowerCase(),
        body: doc.body.toLowerCase(),
      }));
      searchables.set(index, searchable);
    }
    return searchables.get(index);
  }

  // In the prototype: mdBook may have loaded the index before this script runs.
  elasticlunr.Index.prototype.search = function (query) {
    const terms = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    for (const { ref, doc, title, body } of searchableOf(this)) {
      let score = 0;
      for (const term of terms) {
        const hits = 20 * (title.split(term).length - 1) + Math.min(body.split(term).length - 1, 10);
        score = hits && score >= 0 ? score + hits : -1;
      }
      if (score > 0) found.push({ ref, score, doc: { ...doc, body: around(doc.body, terms) } });
    }
    return found.sort((a, b) => b.score - a.score);
  };

  const header = document.getElementById("mdbook-searchresults-header");
  const searchedBefore = header.textContent !== "";
  new MutationObserver(() => {
    const found = /^(\d+|No) search results? for '(.*)'[.:]$/.exec(header.textContent);
    if (found) header.textContent = `“${found[2]}”：${found[1] === "No" ? 0 : found[1]} 条结果`;
  }).observe(header, { childList: true });

  // A page that was opened with a search: mdBook may have searched already. It searches the same text only once, so another
  // text comes first.
  if (searchedBefore) {
    const bar = document.getElementById("mdbook-searchbar");
    for (const text of ["-", bar.value]) {
      bar.value = text;
      bar.dispatchEvent(new KeyboardEvent("keyup"));
    }
  }

  // The text around the first hit. Spaces make words of the hits, which are then shown in bold.
  function around(body, terms) {
    const at = Math.max(0, body.toLowerCase().indexOf(terms[0]) - WINDOW);
    let text = body.slice(at, at + 2 * WINDOW + terms[0].length);
    for (const term of terms) {
      const literal = term.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      text = text.replace(new RegExp(literal, "gi"), " $& ");
    }
    return text;
  }
})();
