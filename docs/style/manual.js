// Both manuals: the switch to the other language, and the links at the end of each page.
(() => {
  "use strict";

  // The only setting of the public URLs. One that is empty has no link.
  const URLS = {
    repository: "",
    crate: "",
    documentation: "",
  };

  const isChinese = document.documentElement.lang.startsWith("zh");
  const root = path_to_root; // set by mdBook

  function link(text, href) {
    const a = document.createElement("a");
    a.textContent = text;
    a.href = href;
    return a;
  }

  // The same page in the other language: the pages of both have the same names, and Chinese ones are below `zh`.
  const page = location.pathname.split("/").pop() || "index.html";
  const other = link(isChinese ? "English" : "中文", root + (isChinese ? "../" : "zh/") + page);
  other.className = "language";
  other.lang = other.hreflang = isChinese ? "en" : "zh";
  other.addEventListener("click", () => (other.hash = location.hash));
  document.querySelector(".right-buttons").prepend(other);
  // The pages have this link in their text, too, for readers of the repository.
  const first = document.querySelector("main > h1 + p");
  if (first?.textContent === other.textContent) first.remove();

  const links = document.createElement("nav");
  links.className = "book-links";
  const named = isChinese
    ? { repository: "代码仓库", crate: "crates.io", documentation: "API 文档", whole: "整本手册（一个文件）" }
    : { repository: "Repository", crate: "crates.io", documentation: "API documentation", whole: "The whole manual as one file" };
  for (const [name, url] of Object.entries(URLS)) {
    if (url) links.append(link(named[name], url));
  }
  links.append(link(named.whole, root + "llms-full.txt"), link("llms.txt", root + "llms.txt"));
  document.querySelector("main").append(links);
})();
