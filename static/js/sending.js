// While a message is being sent the button says so and cannot be pressed again.
// The Back button brings the form back as it was.
const GIVEN_UP = 15_000;

for (const form of document.querySelectorAll('[data-module="sending"]')) {
  const button = form.querySelector("button[type=submit]");
  const resting = button.textContent;
  const status = document.createElement("p");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  button.after(status);

  form.addEventListener("submit", (event) => {
    if (event.submitter?.name === "switch") return; // only carried into another language
    if (button.getAttribute("aria-disabled") === "true") {
      event.preventDefault();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    button.textContent = status.textContent = form.dataset.sending;
    setTimeout(rest, GIVEN_UP); // sending may be stopped and repeated; the server recognises repeats
  });
  const rest = () => {
    button.removeAttribute("aria-disabled");
    button.textContent = resting;
    status.textContent = "";
  };
  addEventListener("pageshow", rest);
}
