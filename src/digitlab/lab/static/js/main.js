/** @file The frame of the page: its top bar, the room, and what is loaded at the start. */
import { followAddress, linkTo } from "./kit/address.js";
import { percent, sentence } from "./kit/format.js";
import { html, render, useEffect, useRef, useResize } from "./kit/lib.js";
import { isUnderWay, set, useParts, useStore } from "./kit/store.js";
import { load } from "./kit/stream.js";
import { switchTheme, watchTheme } from "./kit/theme.js";
import { ROOMS } from "./rooms.js";
import { T } from "./texts.js";

const NAMES = /** @type {import("./rooms.js").RoomName[]} */ (Object.keys(ROOMS));

function TopBar() {
  const { theme, about, connection } = useParts("theme", "about", "connection");
  const toOther = theme === "dark" ? T.toLight : T.toDark;
  return html`<header class="bar">
    <a class="skip" href="#main" onClick=${skip}>${T.skip}</a>
    <a class="brand" href=${linkTo(NAMES[0])} aria-label=${`${T.app}, ${T.tagline}`}>
      <img src="static/icon.svg" alt="" width="26" height="26" /><span>${T.app}</span>
    </a>
    <nav class="rooms" aria-label=${T.roomsLabel}>${NAMES.map((name) => html`<${Door} key=${name} name=${name} />`)}</nav>
    <p class=${`link ${connection}`} role="status">
      <i aria-hidden="true"></i>
      <span>${connection === "open" && about ? T.engine(about.engine, about.threads) : T.connection[connection]}</span>
    </p>
    <button class="icon" type="button" aria-label=${toOther} title=${toOther} onClick=${switchTheme}>
      <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
        <circle cx="12" cy="12" r="8" fill="none" stroke="currentColor" stroke-width="1.8" />
        <path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor" />
      </svg>
    </button>
  </header>`;
}

/** The link to a room. @param {{ name: import("./rooms.js").RoomName }} props */
function Door({ name }) {
  const here = useStore((s) => s.room === name);
  const busy = useStore(ROOMS[name].busy);
  return html`<a href=${linkTo(name)} aria-current=${here ? "page" : undefined}>
    ${ROOMS[name].title}${busy && html`<i class="pulse" aria-hidden="true"></i>`}
  </a>`;
}

/** The address is the room's; so the content is found without it. @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** What went wrong with the last wish, in the server's words. */
function TroubleLine() {
  const { trouble } = useParts("trouble");
  const line = useRef(null);
  // It stays in sight: what else does, and what is scrolled to, keeps below it.
  useResize(line, ({ offsetHeight }) => document.documentElement.style.setProperty("--trouble", `${offsetHeight}px`));
  return html`<div class="trouble" role="alert" ref=${line}>
    ${trouble &&
    html`<p>
        <strong>${sentence(trouble.what)}</strong>
        ${[trouble.must_be && T.mustBe(trouble.must_be), trouble.help].filter(Boolean).join(" · ")}
      </p>
      <button class="quiet" type="button" aria-label=${T.dismiss} onClick=${() => set({ trouble: null })}>×</button>`}
  </div>`;
}

function Page() {
  const { room } = useParts("room");
  const loaded = useStore((s) => s.recipes.recipes.length > 0);
  const right = useStore((s) => (isUnderWay(s.training) ? percent(s.history.accuracy.at(-1), 0) : "–"));
  const { title, Room } = ROOMS[room];
  useEffect(() => void (document.title = `${right === "–" ? title : right} · ${T.app}`), [title, right]);
  return html`<${TopBar} /><${TroubleLine} />
    <main id="main" tabindex="-1" class=${`room ${room}`}>
      ${loaded ? html`<${Room} />` : html`<p class="alone">${T.loading}</p>`}
    </main>`;
}

watchTheme();
followAddress(NAMES);
render(html`<${Page} />`, /** @type {HTMLElement} */ (document.getElementById("page")));
void load();
