/** @file The frame of the page: its top bar, its rooms, and what is loaded at the start. */
import { get, Refused } from "./kit/api.js";
import { linkTo, readAddress } from "./kit/address.js";
import { html, render, useEffect, useLayoutEffect, useRef } from "./kit/lib.js";
import { isUnderWay, set, useStore } from "./kit/store.js";
import { load } from "./kit/stream.js";
import { switchTheme, watchTheme } from "./kit/theme.js";
import { percent, sentence } from "./kit/format.js";
import { ReadRoom } from "./read/room.js";
import { T } from "./texts.js";
import { TrainRoom } from "./train/room.js";

const ROOMS = { train: TrainRoom, read: ReadRoom };

function TopBar() {
  const room = useStore((s) => s.room);
  const theme = useStore((s) => s.theme);
  const about = useStore((s) => s.about);
  const connection = useStore((s) => s.connection);
  const underWay = useStore((s) => isUnderWay(s.training));
  return html`<header class="bar">
    <a class="skip" href="#main" onClick=${skip}>${T.skip}</a>
    <a class="brand" href=${linkTo("train")} aria-label=${`${T.app}, ${T.tagline}`}>
      <img src="static/icon.svg" alt="" width="26" height="26" /><span>${T.app}</span>
    </a>
    <nav class="rooms" aria-label=${T.roomsLabel}>
      ${Object.entries(T.rooms).map(
        ([name, title]) => html`<a
          key=${name}
          href=${linkTo(name)}
          aria-current=${room === name ? "page" : undefined}
          >${title}${name === "train" && underWay && html`<i class="pulse" aria-hidden="true"></i>`}</a
        >`,
      )}
    </nav>
    <p class=${`link ${connection}`} role="status">
      <i aria-hidden="true"></i>
      <span>${connection === "open" && about ? T.engine(about.engine, about.threads) : T.connection[connection]}</span>
    </p>
    <button
      class="icon"
      type="button"
      aria-label=${theme === "dark" ? T.toLight : T.toDark}
      title=${theme === "dark" ? T.toLight : T.toDark}
      onClick=${switchTheme}
    >
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="1.8" />
        <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" />
      </svg>
    </button>
  </header>`;
}

/** The address is the room's; so the content is found without it. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** What went wrong with the last wish, in the server's words. */
function TroubleLine() {
  const trouble = useStore((s) => s.trouble);
  const line = useRef(/** @type {HTMLElement | null} */ (null));
  useLayoutEffect(() => {
    const shown = line.current;
    if (!shown) return undefined;
    // It stays in sight: what else does, and what is scrolled to, keeps below it.
    const observer = new ResizeObserver(() => document.documentElement.style.setProperty("--trouble", `${shown.offsetHeight}px`));
    observer.observe(shown);
    return () => observer.disconnect();
  }, []);
  return html`<div class="trouble" role="alert" ref=${line}>
    ${trouble &&
    html`<p>
        <strong>${sentence(trouble.what)}</strong>
        ${[trouble.must_be && T.mustBe(trouble.must_be), trouble.help].filter(Boolean).join(" · ")}
      </p>
      <button class="quiet" type="button" aria-label=${T.dismiss} onClick=${() => set({ trouble: null })}>×</button>`}
  </div>`;
}

function Title() {
  const room = useStore((s) => s.room);
  const underWay = useStore((s) => isUnderWay(s.training));
  const right = useStore((s) => percent(s.history.accuracy.at(-1), 0));
  useEffect(() => {
    document.title = underWay && right !== "–" ? `${right} · ${T.app}` : `${T.rooms[room]} · ${T.app}`;
  }, [room, underWay, right]);
  return null;
}

function Page() {
  const room = useStore((s) => s.room);
  const loaded = useStore((s) => s.loaded && s.recipes !== null);
  const Room = ROOMS[room];
  return html`<${Title} /><${TopBar} /><${TroubleLine} />
    <main id="main" tabindex="-1" class=${`room ${room}`}>
      ${loaded ? html`<${Room} />` : html`<p class="alone">${T.loading}</p>`}
    </main>`;
}

async function begin() {
  watchTheme();
  readAddress();
  addEventListener("hashchange", readAddress);
  render(html`<${Page} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
  void load();
  for (;;) {
    try {
      const [about, recipes] = await Promise.all([get(""), get("recipes")]);
      set({ about, recipes });
      return;
    } catch (error) {
      if (error instanceof Refused) set({ trouble: error.trouble });
      await new Promise((done) => setTimeout(done, 1500));
    }
  }
}

void begin();
