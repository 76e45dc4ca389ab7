// What a person can do to the canvas; made once, always looking at the newest state.

import { copied, keep, kept, pasted, readCopied } from "./clipboard.js";
import { defaults } from "./fields.jsx";
import { tidy } from "./layout.js";
import * as model from "./model.js";
import { find, SOURCES } from "./model.js";
import { titleOf } from "./phrases.js";
import { eventFields, firstWay, pathsOf } from "./types.js";
import { focusCard, MOVES, neighbour } from "./walk.js";
import { count, t } from "./words.js";

/** *now* is a ref to {canvas, types, selected, canWrite, …}; the rest are setters. */
export function doings({ now, dispatch, setSelected, setPicking, setChoices, say, ask, focusPanel }) {
  const tools = { current: null };
  const draw = (canvas, tag) => dispatch({ type: "do", canvas, tag });
  const title = (key) => {
    const event = find(now.current.canvas, key);
    return event ? titleOf(event, now.current.types.get(event.type)) : t("sources_title");
  };
  const ways = (event) => pathsOf(event, now.current.types.get(event.type), now.current.canvas);
  const events = () => now.current.selected.filter((key) => key !== SOURCES);

  const actions = {
    register(made) {
      tools.current = made;
      return () => { tools.current = null; };
    },

    // -- choosing and going ------------------------------------------------
    choose(changes) {
      setSelected((before) => {
        const chosen = new Set(before);
        for (const one of changes) chosen[one.selected ? "add" : "delete"](one.id);
        return [...chosen];
      });
    },
    clicked(event) {
      if (event.detail === 0 && event.target.closest(".event-main")) focusPanel(); // by Enter
    },
    goTo(key) {
      setSelected([key]);
      tools.current?.show(key);
      focusCard(key);
    },
    close: () => setSelected([]),
    back() {
      const [key] = now.current.selected;
      setSelected([]);
      if (key) focusCard(key);
    },
    pressed(event, key) {
      const { canvas, canWrite, selected } = now.current;
      const move = MOVES[event.key];
      if (event.ctrlKey || event.metaKey) return;
      if (move && event.altKey && canWrite) {
        const at = key === SOURCES ? canvas.source_at : find(canvas, key);
        draw(model.placed(canvas, { [key]: { x: at.x + move[0], y: at.y + move[1] } }), `move:${key}`);
      } else if (move) {
        const next = neighbour(canvas, key, event.key);
        if (next) {
          tools.current?.show(next);
          focusCard(next);
        }
      } else if ((event.key === "Delete" || event.key === "Backspace") && canWrite) {
        actions.remove(selected.includes(key) ? events() : [key]);
      } else if (event.key === "+" && canWrite) {
        actions.pick(...firstWay(key, now.current));
      } else if (event.key === "Escape") {
        setSelected([]);
      } else return;
      event.preventDefault();
    },

    // -- adding ------------------------------------------------------------
    pick: (parent, path, at = undefined) => setPicking({ parent, path, at }),
    add(typeKey, parent, path, at = undefined, between = false) {
      const { canvas, types } = now.current;
      const type = types.get(typeKey);
      const above = parent === null ? null : find(canvas, parent);
      const keys = above ? ways(above).map((one) => one.key) : [""];
      const place = at ?? model.roomFor(canvas, parent, path, keys);
      const key = model.newKey();
      const event = model.normalEvent({ key, kind: type.kind, type: type.key, config: defaults(type.fields), parent, path, x: place.x, y: place.y });
      draw(between ? model.insert(canvas, event, pathsOf(event, type, canvas)[0].key) : model.add(canvas, event));
      setSelected([key]);
      tools.current?.reveal(key);
      focusPanel();
      say(t("added", { name: type.label, after: title(parent ?? SOURCES) }));
    },
    addToSelected(typeKey) {
      actions.add(typeKey, ...firstWay(now.current.selected.at(-1), now.current));
    },

    // -- changing ----------------------------------------------------------
    change: (key, changes, tag) => draw(model.change(now.current.canvas, key, changes), tag && `${key}:${tag}`),
    setSources: (sources) => draw({ ...now.current.canvas, sources }),
    placed: (places) => draw(model.placed(now.current.canvas, places)),
    hang(key, parent, path) {
      const { canvas } = now.current;
      if (!model.mayHang(canvas, key, parent)) return;
      draw(model.change(canvas, key, { parent, path }));
      say(t("hung", { name: title(key), after: title(parent ?? SOURCES) }));
    },
    async remove(keys) {
      if (!keys.length || !now.current.canWrite) return;
      const followers = model.followersOf(now.current.canvas, keys);
      let choice = "alone";
      if (followers) {
        choice = await ask({
          title: keys.length === 1 ? t("delete_event", { name: title(keys[0]) }) : t("delete_events", { n: keys.length }),
          text: count("followers", followers),
          choices: [
            { value: "all", label: t("delete_all"), style: "btn-outline-danger" },
            { value: "alone", label: t("delete_alone"), style: "btn-danger" },
          ],
        });
      }
      if (!choice) return;
      const { canvas } = now.current;
      const above = find(canvas, keys[0])?.parent ?? SOURCES;
      const left = model.remove(canvas, keys, { followers: choice === "all" });
      draw(left);
      setSelected([]);
      say(count("deleted", canvas.events.length - left.events.length));
      focusCard(find(left, above) ? above : SOURCES);
    },
    tidy() {
      const { canvas } = now.current;
      draw(model.placed(canvas, tidy(canvas, { pathsOf: (one) => ways(one).map((path) => path.key), sizeOf: (key) => tools.current?.sizeOf(key) })));
      say(t("tidied"));
      requestAnimationFrame(() => requestAnimationFrame(() => tools.current?.fit()));
    },
    undo() {
      dispatch({ type: "undo" });
      say(t("undone"));
    },
    redo() {
      dispatch({ type: "redo" });
      say(t("redone"));
    },

    // -- copying -----------------------------------------------------------
    /** The text of what is copied, or "" when nothing is chosen. */
    copy(keys = events()) {
      if (!keys.length) return "";
      const text = copied(now.current.canvas, keys);
      keep(text);
      navigator.clipboard?.writeText(text).catch(() => {}); // the page keeps its own
      say(count("copied", keys.length));
      return text;
    },
    paste(text = kept()) {
      const found = readCopied(text);
      if (!found) {
        say(t("nothing_to_paste"));
        return;
      }
      const { canvas, types, selected } = now.current;
      const [parent, path] = firstWay(selected.at(-1), now.current);
      const above = parent === null ? null : find(canvas, parent);
      const at = model.roomFor(canvas, parent, path, above ? ways(above).map((one) => one.key) : [""]);
      const made = pasted(canvas, found, { parent, path, at, fieldsOf: (type) => eventFields(types.get(type)) });
      draw(made.canvas);
      setSelected(made.keys);
      tools.current?.reveal(made.keys[0]);
      say(count("pasted", made.keys.length));
    },

    /** A thing that was made on the spot can be chosen from now on. */
    learn(kind, thing) {
      setChoices((before) => ({ ...before, [kind]: [thing, ...(before[kind] ?? []).filter((one) => one.value !== thing.value)] }));
    },
  };
  return actions;
}
