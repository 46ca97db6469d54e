/** @file The address of the page: a room, and what is asked for in it. What the names mean is the room's matter. */
import { current, set } from "./store.js";

/** @import { RoomName } from "../rooms.js" */

/** Take over what the address says, now and whenever it changes. @param {RoomName[]} rooms  the first is for all other names */
export function followAddress(rooms) {
  const follow = () => {
    const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
    const room = rooms.find((name) => name === path) ?? rooms[0];
    if (room !== current().room) {
      scrollTo(0, 0);
      set({ trouble: null }); // what went wrong there is no matter of this room
    }
    set({ room, address: Object.fromEntries(new URLSearchParams(query)) });
  };
  addEventListener("hashchange", follow);
  follow();
}

/** @param {RoomName} room  @param {Record<string, string>} [address] */
export function linkTo(room, address = {}) {
  const query = new URLSearchParams(address).toString().replaceAll("%2C", ",");
  return `#/${room}${query ? `?${query}` : ""}`;
}

/** Ask for something else in this room, without a step in the browser's history. @param {Record<string, string>} address */
export function writeAddress(address) {
  history.replaceState(null, "", linkTo(current().room, address));
  set({ address });
}
