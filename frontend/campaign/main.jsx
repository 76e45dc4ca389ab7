// The campaign builder: begins here, on the page that the server made.

import "@xyflow/react/dist/base.css";
import { createRoot } from "react-dom/client";
import { call } from "./api.js";
import { App } from "./builder.jsx";
import "./canvas.css";
import { normal } from "./model.js";
import { rescued, Saver } from "./saving.js";
import { Session } from "./session.js";
import { page, t } from "./words.js";

async function begin() {
  const home = document.getElementById("campaign-builder");
  try {
    const answer = await call(page.urls.canvas);
    const loaded = { ...answer, canvas: normal(answer.canvas) };
    const saver = new Saver({ canvas: loaded.canvas, version: loaded.version, session: new Session(), told: () => {} });
    const kept = page.canWrite ? rescued(loaded.canvas, loaded.version, loaded.session) : null;
    if (kept) saver.heir = kept.session; // something of it may be under way still
    if (kept && kept.version !== loaded.version) saver.meet(answer, t("rescued_conflict"));
    createRoot(home).render(<App loaded={loaded} saver={saver} rescued={kept} />);
  } catch (error) {
    home.textContent = error.message || t("failed");
  }
}

begin();
