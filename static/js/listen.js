// Reads the page aloud with the browser's own voices, each part in its own language,
// and shows where it is. Nothing leaves the device. Where no voice speaks the
// language of the page the buttons stay hidden.
const box = document.querySelector('[data-module="listen"]');
const speech = globalThis.speechSynthesis;

if (box && speech) {
  const [play, stop] = box.querySelectorAll("button");
  const BLOCKS = "h1, h2, h3, p, li, dt, dd, legend, label, address, .own-words";
  let queue = [];
  let now = null;

  // A voice of the device's own: others send what they read to somebody's server.
  const voiceFor = (language) =>
    speech.getVoices().find((voice) => voice.localService && matches(voice.lang, language));
  const matches = (tag, language) => tag.toLowerCase().split(/[-_]/)[0] === language.split("-")[0];

  // Every run of words in one language and one block, with that language and that block.
  const runs = function* () {
    const words = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    let run = null;
    while (words.nextNode()) {
      const parent = words.currentNode.parentElement;
      const isShown = parent.getClientRects().length > 0; // checkVisibility() is too new
      if (!isShown || parent.closest(".listen, textarea")) continue;
      const text = words.currentNode.data.replace(/\u00ad/g, "").replace(/\s+/g, " ");
      const language = parent.closest("[lang]").lang;
      const block = parent.closest(BLOCKS) ?? parent;
      if (run && run.block === block && (run.language === language || !/\p{L}|\p{N}/u.test(text))) {
        run.text += text;
      } else if (text.trim()) {
        if (run) yield run;
        run = { text, language, block };
      }
    }
    if (run) yield run;
  };

  const show = (block) => {
    document.querySelector(".spoken")?.classList.remove("spoken");
    block?.classList.add("spoken");
    block?.scrollIntoView({ block: "nearest" });
  };
  const say = (name) => (play.textContent = play.dataset[name]);

  const finish = () => {
    queue = [];
    now = null;
    speech.cancel();
    speech.resume(); // cancelling does not end a pause
    show(null);
    say("start");
    if (document.activeElement === stop) play.focus();
    stop.hidden = true;
  };
  const next = () => {
    now = queue.shift();
    if (!now) return finish();
    const utterance = new SpeechSynthesisUtterance(now.text);
    utterance.lang = now.language;
    utterance.voice = voiceFor(now.language) ?? voiceFor(document.documentElement.lang);
    utterance.onend = () => now && next();
    utterance.onerror = finish;
    show(now.block);
    speech.speak(utterance);
  };

  play.addEventListener("click", () => {
    if (!now) {
      queue = [...runs()];
      stop.hidden = false;
      say("pause");
      next();
    } else if (speech.paused) {
      speech.resume();
      say("pause");
    } else {
      speech.pause();
      say("resume");
    }
  });
  stop.addEventListener("click", finish);
  addEventListener("keydown", (event) => event.key === "Escape" && now && finish());
  addEventListener("pagehide", finish);

  const offer = () => (box.hidden = !voiceFor(document.documentElement.lang));
  speech.addEventListener?.("voiceschanged", offer);
  offer();
}
