// Functions that measure a page; `browsing.py` adds them to every tab.
// Boxes have a start and an end along the line, so that they fit both writing directions.
window.measure = (() => {
  const TARGETS = "a[href], button, input, select, textarea, summary";
  const style = (element) => getComputedStyle(element);
  const shown = (element) => element.type !== "hidden" && element.checkVisibility();

  const name = (element) => {
    const words = element.textContent.trim().replace(/\s+/g, " ").slice(0, 60);
    return `${element.localName}${element.id && "#" + element.id} ${words}`.trim();
  };

  // The box of the first line of an element, since a link may span two lines.
  const box = (element) => {
    const { top, bottom, left, right } = element.getClientRects()[0];
    const rtl = document.dir === "rtl";
    return {
      name: name(element),
      top: top + scrollY,
      bottom: bottom + scrollY,
      start: rtl ? innerWidth - right : left,
      end: rtl ? innerWidth - left : right,
    };
  };

  // Everything that Tab stops at, in document order; a group of radio buttons is one stop.
  const focusable = () =>
    [...document.querySelectorAll(`${TARGETS}, [tabindex]`)].filter((element) => {
      if (element.tabIndex < 0 || !shown(element)) return false;
      if (element.type !== "radio") return true;
      const group = [...document.getElementsByName(element.name)];
      return element === (group.find((radio) => radio.checked) ?? group[0]);
    });

  const channels = (colour) => {
    const [red, green, blue, alpha = 1] = colour.match(/[\d.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const luminance = (colour) => {
    const linear = channels(colour).rgb.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  // WCAG 2.2, "contrast ratio".
  const contrast = (colour, ground) => {
    const [dark, light] = [luminance(colour), luminance(ground)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  // The background colour behind an element.
  const ground = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const colour = style(node).backgroundColor;
      if (channels(colour).alpha > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };

  // The element that has focus, and how visible that is; null when none has.
  const focus = () => {
    const element = document.activeElement;
    if (element === document.body) return null;
    const { outlineStyle, outlineWidth, outlineColor, backgroundColor } = style(element);
    const { left, top, width, height } = element.getClientRects()[0];
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    const around = ground(element.parentElement);
    const seen = [outlineColor, backgroundColor].filter((colour) => channels(colour).alpha > 0);
    return {
      name: name(element),
      index: focusable().indexOf(element),
      outline: outlineStyle === "none" ? 0 : parseFloat(outlineWidth),
      contrast: Math.max(...seen.map((colour) => contrast(colour, around))),
      uncovered: element.contains(hit),
    };
  };

  // Touch targets: buttons, fields, and links outside sentences. The label of a choice is part of it.
  const targets = () =>
    [...document.querySelectorAll(TARGETS)]
      .filter((element) => shown(element) && element.tabIndex >= 0 && !inSentence(element))
      .map((element) => {
        const { width, height } = (element.closest(".choice") ?? element).getBoundingClientRect();
        return { name: name(element), width, height };
      });
  const inSentence = (element) =>
    style(element).display === "inline" &&
    element.parentElement.textContent.trim() !== element.textContent.trim();

  // Each piece of text in the main part, whether it is visible, its contrast, and whether it
  // belongs to a control, which print leaves out.
  const texts = () => {
    const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const pieces = [];
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      const text = walker.currentNode.data.trim();
      if (!text || !shown(element)) continue;
      const { width, height } = element.getBoundingClientRect();
      pieces.push({
        text,
        visible: width > 1 && height > 1,
        contrast: contrast(style(element).color, ground(element)),
        pressed: element.closest("button, .button, .reading-mode") !== null,
      });
    }
    return pieces;
  };

  // The contrast of the marker before each list item, 0 where it is invisible.
  // Browsers print borders, but backgrounds only with print-color-adjust.
  const marks = () =>
    [...document.querySelectorAll("main li")]
      .map((item) => [item, getComputedStyle(item, "::before")])
      .filter(([, mark]) => mark.content === '""')
      .map(([item, mark]) => {
        const filled = !matchMedia("print").matches || mark.printColorAdjust === "exact";
        const lined = mark.borderTopWidth !== "0px";
        return Math.max(
          lined ? contrast(mark.borderTopColor, ground(item)) : 0,
          filled ? contrast(mark.backgroundColor, ground(item)) : 0,
        );
      });

  // The position of each character of a text, from the left edge of the window.
  const positions = (element) => {
    const node = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    return [...node.data].map((_, place) => {
      const range = new Range();
      range.setStart(node, place);
      range.setEnd(node, place + 1);
      return range.getBoundingClientRect().left;
    });
  };

  // Words that continue on another line without a hyphen. Addresses may: they have no syllables.
  const broken = () => {
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const words = [];
    while (nodes.nextNode()) {
      const node = nodes.currentNode;
      if (!shown(node.parentElement) || node.parentElement.closest("textarea")) continue;
      for (const { 0: part, index } of node.data.matchAll(/(?<![/.@\p{L}\p{M}\p{N}])[\p{L}\p{M}\p{N}]+/gu)) {
        const lines = [...part].map((_, place) => {
          const range = new Range();
          range.setStart(node, index + place);
          range.setEnd(node, index + place + 1);
          // A hyphen at the end of the line before belongs to the letter after it.
          return Math.round([...range.getClientRects()].at(-1)?.top ?? 0);
        });
        if (new Set(lines).size > 1) words.push(part);
      }
    }
    return words;
  };

  // Each text that has its Swedish alongside: where both begin, on the page and along the line.
  const pairs = () =>
    [...document.querySelectorAll(".pair")].filter(shown).map((pair) => {
      const [own, swedish] = [...pair.children].map((child) => child.getBoundingClientRect());
      const apart = own.right <= swedish.left || swedish.right <= own.left;
      return { name: name(pair), own: own.top, swedish: swedish.top, start: swedish.left, apart };
    });

  // Texts that do not fit their own box, and are cut off by it.
  const clipped = () =>
    [...document.querySelectorAll("body *")]
      .filter((element) => shown(element) && style(element).overflowX === "hidden")
      .filter((element) => element.scrollWidth > element.clientWidth)
      .map(name);

  // WCAG 2.2, 1.4.12: text spacing. The content security policy blocks a style element.
  const spacing = new CSSStyleSheet();
  spacing.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important; }
    p { margin-block-end: 2em !important; }
  `);
  const spread = (on) => {
    document.adoptedStyleSheets = on ? [spacing] : [];
  };

  // The elements that extend beyond the edges of the window.
  const beyond = () =>
    [...document.querySelectorAll("body *")]
      .filter((element) => shown(element) && !element.matches(".skip-link"))
      .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        return left < -0.5 || right > innerWidth + 0.5;
      })
      .map(name);

  return { box, focusable, focus, targets, texts, marks, positions, broken, pairs, clipped, spread, beyond };
})();
