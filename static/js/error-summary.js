// Moves focus to the summary of what is wrong, so that it is met first.
// A link in it leads to the label of its field, which stands above the field.
const summary = document.querySelector('[data-module="error-summary"]');

summary?.scrollIntoView({ behavior: "instant" });
summary?.focus({ preventScroll: true });
summary?.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.labels[0]?.scrollIntoView({ behavior: "instant" });
  field.focus(); // and further, where the hints between fill the window
});
