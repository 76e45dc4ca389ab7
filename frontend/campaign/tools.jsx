// The small tools that float on the canvas.

import { useState } from "react";
import { useBuilder } from "./context.js";
import { Modal } from "./dialogs.jsx";
import { Icon } from "./icon.jsx";
import { t } from "./words.js";

function Tool({ icon, label, keys, ...more }) {
  return (
    <button className="btn btn-icon tool" type="button" aria-label={label} title={keys ? `${label} (${keys})` : label} {...more}>
      <Icon name={icon} />
    </button>
  );
}

const KEYS = [
  ["Tab", "key_tab"], ["↑ ↓ ← →", "key_arrows"], ["Enter", "key_enter"], ["+", "key_plus"], ["Delete", "key_delete"], ["Esc", "key_escape"],
  ["Alt + ↑ ↓ ← →", "key_move"], ["Ctrl + Z", "undo"], ["Ctrl + Y", "redo"], ["Ctrl + C", "key_copy"], ["Ctrl + V", "key_paste"],
];

export function Tools() {
  const { canWrite, actions, canUndo, canRedo, selected } = useBuilder();
  const [help, setHelp] = useState(false);
  return (
    <div className="tools" role="toolbar" aria-label={t("tools")}>
      {canWrite && (
        <>
          <Tool icon="arrow-counterclockwise" label={t("undo")} keys="Ctrl+Z" disabled={!canUndo} onClick={actions.undo} />
          <Tool icon="arrow-clockwise" label={t("redo")} keys="Ctrl+Y" disabled={!canRedo} onClick={actions.redo} />
          <Tool icon="copy" label={t("copy")} keys="Ctrl+C" disabled={!selected.some((key) => key !== "sources")} onClick={() => actions.copy()} />
          <Tool icon="clipboard" label={t("paste")} keys="Ctrl+V" onClick={() => actions.paste()} />
          <Tool icon="diagram-3" label={t("tidy")} onClick={actions.tidy} />
        </>
      )}
      <Tool icon="keyboard" label={t("keys")} onClick={() => setHelp(true)} />
      {help && (
        <Modal title={t("keys")} close={() => setHelp(false)}>
          <dl className="keys">
            {KEYS.map(([key, words]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{t(words)}</dd></div>)}
          </dl>
        </Modal>
      )}
    </div>
  );
}
