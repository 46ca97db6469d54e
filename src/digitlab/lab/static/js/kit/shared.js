/**
 * @file One stream of events for all tabs of a browser.
 *
 * A browser opens six connections to a server and no more: were each tab to hold a stream, the seventh would never load.
 * So the tabs that are seen queue for a lock of the browser's. Whoever holds it leads: it is connected, and passes on what
 * it is told. When it goes, or is out of sight while others are seen, the next one goes on after the last event that it
 * has heard of. Events are numbered without gaps, so each tab notices when something is missing.
 *
 * Browsers have locks on this machine and by https alone. Elsewhere each tab has a stream of its own, while it is seen.
 */

/** @typedef {{ id: number, kind: string, data: any }} Told */
/** @typedef {"open" | "lost"} Light  whether the stream is connected */
/** @typedef {{ told?: Told, light?: Light, last?: number, hello?: DocumentVisibilityState }} Message  from tab to tab */

const NAME = `digitlab ${new URL("api/events", location.href).pathname}`; // behind a proxy there may be several labs
const KINDS = ["training", "epochs", "step", "insight", "runs", "reset"];
const SOON = 2000; // a tab out of sight for so long lets others lead; without locks it lets its own stream go
const HIDDEN_FOR = 60_000; // out of sight for so long, it does not follow any more
const TRY_AGAIN = 1500;

export class SharedStream {
  last = 0; // the newest event told of; 0 where none is known
  here = false;
  alone = false;
  light = /** @type {Light | null} */ (null);
  channel = /** @type {BroadcastChannel | null} */ (null);
  source = /** @type {EventSource | null} */ (null);
  queued = /** @type {AbortController | null} */ (null);
  release = () => {};
  timers = /** @type {number[]} */ ([]);

  /**
   * @param {(event: Told) => void} tell  each event once, in order; `reset`: what was before must be asked for again
   * @param {(light: Light) => void} show
   */
  constructor(tell, show) {
    this.tell = tell;
    this.show = show;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.hidden() : this.seen()));
    document.addEventListener("freeze", () => this.leave());
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", (event) => event.persisted && this.seen());
  }

  /** Hear what is passed on, from now on. */
  listen() {
    if (this.here) return;
    this.here = true;
    this.alone ||= !navigator.locks;
    if (this.alone) return;
    this.channel = new BroadcastChannel(NAME);
    this.channel.onmessage = ({ data }) => this.hear(data);
  }

  /** Everything up to this event is known. @param {number} id */
  follow(id) {
    if (!this.here) return; // it has left meanwhile
    this.last = Math.max(this.last, id);
    if (this.source && this.light) this.show(this.light);
    this.queue();
  }

  /** Nothing is heard any more. */
  leave() {
    this.forgetTimers();
    this.stepBack();
    this.channel?.close();
    this.channel = null;
    this.here = false;
    this.last = 0;
  }

  /** Whoever is seen wants to lead, and asks how things are. */
  queue() {
    const wanted = !document.hidden && !this.source && !this.queued;
    if (wanted && this.alone) this.connect();
    else if (wanted) {
      const queued = new AbortController();
      this.queued = queued;
      navigator.locks
        .request(NAME, { signal: queued.signal }, () => this.lead())
        .catch(() => queued.signal.aborted || this.goAlone());
    }
    this.channel?.postMessage({ hello: document.visibilityState });
  }

  /** @returns {Promise<void>} kept when it leads no more */
  lead() {
    this.queued = null;
    this.connect();
    return new Promise((done) => (this.release = done));
  }

  /** The browser denies locks to pages that may not keep anything. */
  goAlone() {
    this.alone = true;
    this.channel?.close();
    this.channel = null;
    if (this.here) this.queue();
  }

  /** Neither lead nor queue. */
  stepBack() {
    this.queued?.abort();
    this.queued = null;
    this.source?.close();
    this.source = null;
    this.release();
  }

  connect() {
    const source = new EventSource(`api/events?after=${this.last}`);
    this.source = source;
    this.light = null; // not known yet
    source.onopen = () => this.lit("open");
    source.onerror = () => {
      if (source !== this.source) return;
      this.lit("lost");
      if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      setTimeout(() => source === this.source && this.connect(), TRY_AGAIN);
    };
    for (const kind of KINDS) {
      source.addEventListener(kind, (/** @type {MessageEvent} */ event) => {
        const told = { id: Number(event.lastEventId), kind, data: JSON.parse(event.data) };
        this.channel?.postMessage({ told });
        this.pass(told);
      });
    }
  }

  /** @param {Light} light */
  lit(light) {
    this.light = light;
    this.channel?.postMessage({ light, last: this.last });
    this.show(light);
  }

  /** @param {Message} message  from another tab */
  hear({ told, light, last = 0, hello }) {
    if (told) this.pass(told);
    else if (hello && this.source) {
      if (document.hidden && hello === "visible") this.stepBack(); // that one has queued
      else if (this.light) this.channel?.postMessage({ light: this.light, last: this.last });
    } else if (light && !this.source) {
      this.light = light;
      this.show(light);
      if (this.last && last > this.last) this.pass({ id: last, kind: "reset", data: {} }); // what was between is lost
    }
  }

  /** @param {Told} told */
  pass(told) {
    if (told.kind !== "reset" && told.id <= this.last) return; // known already
    const missed = this.last > 0 && told.id > this.last + 1;
    this.last = told.id;
    this.tell(missed ? { id: told.id, kind: "reset", data: {} } : told);
  }

  hidden() {
    if (!this.source) this.stepBack();
    const handOver = async () => {
      if (this.alone) return this.leave();
      const { pending } = await navigator.locks.query();
      if (document.hidden && pending?.some(({ name }) => name === NAME)) this.stepBack();
    };
    this.timers.push(setTimeout(handOver, SOON), setTimeout(() => this.leave(), HIDDEN_FOR));
  }

  seen() {
    this.forgetTimers();
    if (this.here) this.queue();
    else this.tell({ id: Infinity, kind: "reset", data: {} });
  }

  forgetTimers() {
    for (const timer of this.timers.splice(0)) clearTimeout(timer);
  }
}
