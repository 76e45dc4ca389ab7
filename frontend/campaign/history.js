// What was done, so that it can be undone: a reducer over canvases.

const MOST = 200;
const TOGETHER = 1500; // milliseconds: typing on is one step

export const start = (canvas) => ({ canvas, past: [], future: [], tag: null, at: 0 });

/** `do` {canvas, tag?}: steps of one tag that follow each other quickly are one. */
export function reduce(state, action) {
  switch (action.type) {
    case "do": {
      const now = Date.now();
      if (action.canvas === state.canvas) return state;
      const goesOn = action.tag && action.tag === state.tag && now - state.at < TOGETHER;
      const past = goesOn ? state.past : [...state.past, state.canvas].slice(-MOST);
      return { canvas: action.canvas, past, future: [], tag: action.tag ?? null, at: now };
    }
    case "undo": {
      if (!state.past.length) return state;
      return { canvas: state.past.at(-1), past: state.past.slice(0, -1), future: [state.canvas, ...state.future], tag: null, at: 0 };
    }
    case "redo": {
      if (!state.future.length) return state;
      return { canvas: state.future[0], past: [...state.past, state.canvas], future: state.future.slice(1), tag: null, at: 0 };
    }
    default:
      return state;
  }
}
