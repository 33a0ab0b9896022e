// The theme puts a landmark without a name around each button that copies code, which a screen reader lists again and again.
const rename = () => {
  for (const nav of document.querySelectorAll("nav.md-code__nav:not([role])")) nav.setAttribute("role", "none");
};
new MutationObserver(rename).observe(document.documentElement, { childList: true, subtree: true });
rename();
