/**
 * @file What happens on the server, as it happens.
 *
 * The state is asked for once, with the id of the newest event; the stream goes on after it. While the state is being
 * asked for, events wait, so that none is lost. How the stream reaches this tab is told in shared.js.
 */
import { get, Refused } from "./api.js";
import { SharedStream } from "./shared.js";
import { current, emptyHistory, isUnderWay, set, setOften } from "./store.js";

const TRY_AGAIN = 1500;
const MOST_POINTS = 4000; // of a curve
const MOST_STEPS = 400;

/** @import { Told } from "./shared.js" */
/** @import { Epochs, History, Run, Step, Training } from "./types.js" */

/** @type {Told[] | null} */
let waiting = null;
let tryLater = 0;

const stream = new SharedStream(
  (event) => (waiting ? waiting.push(event) : take(event.kind, event.data)),
  (connection) => set({ connection }),
);

/** Ask for the whole state, and follow what comes after it. */
export async function load() {
  if (waiting) return;
  waiting = [];
  clearTimeout(tryLater);
  stream.listen();
  try {
    const [answer, about, recipes] = await Promise.all(["state", "", "recipes"].map(get));
    const training = answer.training;
    const history = training?.history ?? emptyHistory();
    const same = training !== null && training.run === current().training?.run;
    set({
      about,
      recipes,
      training,
      history,
      insight: training?.insight ?? null,
      steps: same ? current().steps : [],
      trouble: answer.trouble ?? current().trouble,
      news: current().news + 1,
    });
    const missed = waiting.filter((event) => event.id > answer.event);
    waiting = null;
    for (const event of missed) take(event.kind, event.data);
    stream.follow(answer.event);
    void loadRuns();
  } catch (error) {
    waiting = null;
    set({ connection: "lost", trouble: error instanceof Refused ? error.trouble : current().trouble });
    tryLater = setTimeout(load, TRY_AGAIN);
  }
}

/** One event. @param {string} kind  @param {any} data */
function take(kind, data) {
  if (kind === "training") takeTraining(data);
  else if (kind === "epochs") takeEpochs(data);
  else if (kind === "insight") setOften({ insight: data, news: current().news + 1 });
  else if (kind === "step") takeStep(data);
  else if (kind === "runs") void loadRuns();
  else void load();
}

/** @param {Training} told */
function takeTraining(told) {
  const { training } = current();
  const begins = training?.run !== told.run || (isUnderWay(told) && !isUnderWay(training));
  const ends = isUnderWay(training) && !isUnderWay(told);
  if (begins && told.epoch > 0) return void load(); // it goes on from somewhere: its history is not in the event
  if (begins) set({ history: emptyHistory(), steps: [], insight: null });
  set({ training: told, insight: told.insight ?? current().insight, news: current().news + 1 });
  if (begins || ends) void loadRuns();
}

/** @param {Epochs} told */
function takeEpochs(told) {
  const { training, history } = current();
  if (!training) return void load();
  const last = history.epoch.at(-1) ?? 0;
  const first = told.epoch.findIndex((epoch) => epoch > last);
  if (first < 0) return; // seen already
  if (told.epoch[first] > last + 1) return void load(); // something is missing
  const more = Object.entries(history).map(([key, values]) => [key, thinned([...values, ...told[/** @type {keyof History} */ (key)].slice(first)])]);
  const grown = /** @type {History} */ (Object.fromEntries(more));
  setOften({
    history: grown,
    training: {
      ...training,
      epoch: /** @type {number} */ (grown.epoch.at(-1)),
      seconds: /** @type {number} */ (grown.seconds.at(-1)),
      step: told.step,
      epochs_per_second: told.epochs_per_second ?? training.epochs_per_second,
    },
    news: current().news + 1,
  });
}

/** Of many points every second one, and the last. @param {any[]} points */
const thinned = (points) => (points.length > MOST_POINTS ? points.filter((_, i) => i % 2 === 0 || i === points.length - 1) : points);

/** @param {Step} told */
function takeStep(told) {
  const { training, steps } = current();
  if (!training) return;
  const follows = steps.at(-1)?.step === told.step - 1; // at full speed steps are left out: they make no curve
  const kept = follows ? steps.slice(-MOST_STEPS) : [];
  setOften({ steps: [...kept, told], training: { ...training, step: told.step }, news: current().news + 1 });
}

let runsAsked = 0;

/** The list of runs, and who can read. */
export async function loadRuns() {
  const asked = ++runsAsked;
  try {
    const [{ runs }, { readers, default: defaultReader }] = await Promise.all([get("runs"), get("readers")]);
    if (asked !== runsAsked) return;
    const there = Object.entries(current().laid).filter(([name]) => runs.some((/** @type {Run} */ run) => run.name === name));
    set({ runs, laid: Object.fromEntries(there), readers, defaultReader });
  } catch {
    // The stream says so when the server is gone.
  }
}
