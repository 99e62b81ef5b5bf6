// Tells how many characters are left. The count is the server's: code points,
// after line breaks are one character and accents are joined (NFC).
// What is seen changes at once; what is spoken waits for a pause, and is only
// said when the limit is near. Nothing is ever cut.
const PAUSE = 1000;
const NEAR = 0.9;

export const count = (text) => [...text.replace(/\r\n|[\r\v\f\x85\u2028\u2029]/g, "\n").normalize("NFC")].length;

for (const field of document.querySelectorAll('[data-module="counter"]')) {
  const limit = Number(field.dataset.limit);
  const language = document.documentElement.lang;
  const plural = new Intl.PluralRules(language);
  const digits = new Intl.NumberFormat(language, { numberingSystem: "latn" });
  const words = document.getElementById("counter-texts");

  const seen = document.createElement("p");
  seen.className = "counter";
  seen.setAttribute("aria-hidden", "true");
  const spoken = document.createElement("p");
  spoken.className = "visually-hidden";
  spoken.setAttribute("role", "status");
  field.after(seen, spoken);

  const say = (left) => {
    const number = Math.abs(left);
    const which = left < 0 ? "over" : "left";
    const forms = words.getAttributeNames().filter((name) => name.startsWith(`data-${which}-`));
    const name = `data-${which}-${plural.select(number)}`;
    // A browser that lacks the language follows the rule of its own, which may have other forms.
    const form = words.getAttribute(forms.includes(name) ? name : forms.at(-1));
    return form.replace("#", digits.format(number));
  };

  let waiting;
  const update = () => {
    const left = limit - count(field.value);
    seen.textContent = say(left);
    seen.classList.toggle("over", left < 0);
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      spoken.textContent = left < limit * (1 - NEAR) ? seen.textContent : "";
    }, PAUSE);
  };
  field.addEventListener("input", update);
  addEventListener("pageshow", update);
  update();
}
