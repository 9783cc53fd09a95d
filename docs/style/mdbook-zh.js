// mdBook's own texts in Chinese. mdBook 0.5 has them in English only.
(() => {
  "use strict";

  const TEXTS = {
    // Buttons and fields.
    "Toggle Table of Contents": "目录",
    "Table of contents": "目录",
    "Change theme": "外观",
    "Themes": "外观",
    "Search (`/`)": "搜索（/）",
    "Toggle Searchbar": "搜索（/）",
    "Search this book ...": "搜索手册",
    "Search Result Teaser": "搜索结果摘要",
    "Page navigation": "翻页",
    "Previous chapter": "上一页",
    "Next chapter": "下一页",
    "Copy to clipboard": "复制",
    "Copied!": "已复制",
    "Clipboard error!": "复制失败",
    "Show hidden lines": "显示隐藏的行",
    "Hide lines": "隐藏这些行",
    // Themes.
    "Auto": "跟随系统",
    "Light": "浅色",
    "Rust": "暖色",
    "Coal": "炭灰",
    "Navy": "藏青",
    "Ayu": "墨黑",
    // The help that `?` opens.
    "Keyboard shortcuts": "快捷键",
    "Press ": "按 ",
    " or ": " 或 ",
    " to navigate between chapters": " 翻到上一页或下一页",
    " to search in the book": " 搜索手册",
    " to show this help": " 显示这里的说明",
    " to hide this help": " 关闭说明",
  };

  function translateAttributes(element) {
    for (const name of ["title", "aria-label", "placeholder"]) {
      const text = TEXTS[element.getAttribute(name)];
      if (text) element.setAttribute(name, text);
    }
  }

  function translateText(element) {
    const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
      const text = TEXTS[nodes.currentNode.data];
      if (text) nodes.currentNode.data = text;
    }
  }

  document.querySelectorAll("[title], [aria-label], [placeholder]").forEach(translateAttributes);
  document.querySelectorAll("#mdbook-help-popup, #mdbook-theme-list").forEach(translateText);

  // The tooltip after a copy.
  const copied = new MutationObserver((changes) => changes.forEach((change) => translateText(change.target)));
  document.querySelectorAll(".tooltiptext").forEach((tooltip) => copied.observe(tooltip, { childList: true }));

  const found = new MutationObserver(() => results.querySelectorAll("[aria-label]").forEach(translateAttributes));
  const results = document.getElementById("mdbook-searchresults");
  if (results) found.observe(results, { childList: true });

  // mdBook decides by the English title whether a click shows or hides lines.
  for (const button of document.querySelectorAll('.buttons > [title="显示隐藏的行"]')) {
    const english = (text) => Object.keys(TEXTS).find((key) => TEXTS[key] === text);
    button.parentNode.addEventListener("click", () => (button.title = english(button.title)), true);
    button.addEventListener("click", () => {
      button.setAttribute("aria-label", button.title);
      translateAttributes(button);
    });
  }
})();
