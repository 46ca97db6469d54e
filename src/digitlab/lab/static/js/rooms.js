/** @file The rooms. To add one: a folder with a room.js, and its row here. All that names the rooms is made from this table. */
import { InsideRoom } from "./inside/room.js";
import { JudgeRoom } from "./judge/room.js";
import { isUnderWay } from "./kit/store.js";
import { ReadRoom } from "./read/room.js";
import { T } from "./texts.js";
import { TrainRoom } from "./train/room.js";

/** @import { State } from "./kit/store.js" */
/** @typedef {keyof typeof ROOMS} RoomName  as the address has it */

/** In their order in the bar; the first is at home. `busy`: whether something is under way in there. */
export const ROOMS = {
  train: { title: T.rooms.train, Room: TrainRoom, busy: (/** @type {State} */ now) => isUnderWay(now.training) },
  read: { title: T.rooms.read, Room: ReadRoom, busy: () => false },
  inside: { title: T.rooms.inside, Room: InsideRoom, busy: () => false },
  judge: { title: T.rooms.judge, Room: JudgeRoom, busy: () => false },
};
