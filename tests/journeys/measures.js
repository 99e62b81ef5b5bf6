// What a journey measures in a page; `browsing.py` lays it into every tab.
// Boxes are given by line and along the line, so that they hold in both directions.
window.measure = (() => {
  const TARGETS = "a[href], button, input, select, textarea, summary";
  const style = (element) => getComputedStyle(element);
  const shown = (element) => element.type !== "hidden" && element.checkVisibility();

  const name = (element) => {
    const words = element.textContent.trim().replace(/\s+/g, " ").slice(0, 60);
    return `${element.localName}${element.id && "#" + element.id} ${words}`.trim();
  };

  // The first line of an element: an address of two lines begins on the first.
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

  // Everything Tab stops at, in the order of the document; a group of choices is one stop.
  const focusable = () =>
    [...document.querySelectorAll(`${TARGETS}, [tabindex]`)].filter((element) => {
      if (element.tabIndex < 0 || !shown(element)) return false;
      if (element.type !== "radio") return true;
      const group = [...document.getElementsByName(element.name)];
      return element === (group.find((one) => one.checked) ?? group[0]);
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
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  // The colour that an element stands on.
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = style(one).backgroundColor;
      if (channels(colour).alpha > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };

  // Where focus is, and how it is seen: null when it is nowhere in the page.
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

  // Links that stand alone, buttons and fields: what a finger has to meet. A choice is met by its
  // label too.
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

  // What is written in the main part: each piece, whether it shows, how clearly, and whether
  // it is something to press, which paper has no use for.
  const texts = () => {
    const found = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    const pieces = [];
    while (found.nextNode()) {
      const element = found.currentNode.parentElement;
      const text = found.currentNode.data.trim();
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

  // How clearly the drawn mark before each item of a list shows, 0 where it does not.
  // Browsers print borders, but no backgrounds unless they are asked to.
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

  // Where each sign of a text stands, from the left edge of the window.
  const signs = (element) => {
    const node = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
    return [...node.data].map((_, place) => {
      const range = new Range();
      range.setStart(node, place);
      range.setEnd(node, place + 1);
      return range.getBoundingClientRect().left;
    });
  };

  // Words that go on on another line without a hyphen. Addresses may: they have no syllables.
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

  // WCAG 2.2, 1.4.12: a reader's own spacing. Our policy lets no style element in.
  const spacing = new CSSStyleSheet();
  spacing.replaceSync(`
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important;
        word-spacing: 0.16em !important; }
    p { margin-block-end: 2em !important; }
  `);
  const spread = (on) => {
    document.adoptedStyleSheets = on ? [spacing] : [];
  };

  // What reaches beyond the window's edges.
  const beyond = () =>
    [...document.querySelectorAll("body *")]
      .filter((element) => shown(element) && !element.matches(".skip-link"))
      .filter((element) => {
        const { left, right } = element.getBoundingClientRect();
        return left < -0.5 || right > innerWidth + 0.5;
      })
      .map(name);

  return { box, focusable, focus, targets, texts, marks, signs, broken, pairs, clipped, spread, beyond };
})();
