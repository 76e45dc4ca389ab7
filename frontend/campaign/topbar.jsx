// The line above the canvas: where one is, whether it is saved, and publishing.

import { useBuilder } from "./context.js";
import { Icon } from "./icon.jsx";
import { page, t } from "./words.js";

const ICONS = { saved: "check2", waiting: "three-dots", saving: "arrow-repeat", failed: "exclamation-triangle", "signed-out": "exclamation-triangle", conflict: "exclamation-triangle" };

function Saved() {
  const { saving, saver } = useBuilder();
  const bad = ["failed", "signed-out", "conflict"].includes(saving.state);
  return (
    <div className={`saved${bad ? " text-danger" : " text-secondary"}`} role="status" data-state={saving.state}>
      <Icon name={ICONS[saving.state]} /> <span className="saved-words">{t(`state_${saving.state.replace("-", "_")}`)}</span>
      {(saving.state === "failed" || saving.state === "signed-out") && (
        <button className="btn btn-sm ms-2" type="button" onClick={() => saver.run().catch(() => {})}>{t("try_again")}</button>
      )}
    </div>
  );
}

function State() {
  const { status } = useBuilder();
  if (!status.published) return <span className="badge tone-calm">{t(status.number ? "unpublished" : "draft")}</span>;
  return <span className="badge tone-good">{t("published_version", { n: status.number })}</span>;
}

export function Topbar() {
  const { canWrite, saver, status, publish, publishing } = useBuilder();
  const fresh = !status.published || status.changed;
  // what is drawn is what is simulated
  const simulate = (event) => {
    if (saver.clean) return;
    event.preventDefault();
    saver.run().then(() => location.assign(page.urls.simulate)).catch(() => {});
  };
  return (
    <header className="topbar">
      <a className="btn btn-icon btn-ghost-secondary" href={page.urls.campaign} aria-label={t("back")} title={t("back")}><Icon name="arrow-left" /></a>
      <div className="topbar-words">
        <h1 className="topbar-name">{page.name}</h1>
        <State />
        {status.published && status.changed && <span className="badge tone-warn">{t("changed_since")}</span>}
      </div>
      {canWrite && <Saved />}
      <a className="btn" href={page.urls.simulate} onClick={simulate}><Icon name="play" /> <span className="saved-words">{t("simulate")}</span></a>
      {canWrite && (
        <button className="btn btn-primary" type="button" disabled={!fresh || publishing} onClick={publish}>
          <Icon name="broadcast" /> {t(status.published ? "publish_changes" : "publish")}
        </button>
      )}
    </header>
  );
}

/** What has to be decided or known before going on. */
export function Notices() {
  const { saving, saver, takeTheirs, notice, setNotice } = useBuilder();
  return (
    <>
      {saving.state === "conflict" && (
        <div className="notice alert-warning" role="alert">
          <span>{saving.words || t("conflict")}</span>
          <div className="btn-list">
            <button className="btn btn-sm" type="button" onClick={takeTheirs}>{t("take_theirs")}</button>
            <button className="btn btn-sm btn-primary" type="button" onClick={() => saver.keepOurs().catch(() => {})}>{t("keep_ours")}</button>
          </div>
        </div>
      )}
      {saving.state === "failed" && <div className="notice alert-danger" role="alert"><span>{saving.words} {t("kept_here")}</span></div>}
      {saving.state === "signed-out" && (
        <div className="notice alert-danger" role="alert"><span>{t("signed_out")} <a href={page.urls.login} target="_blank" rel="noopener">{t("sign_in")}</a></span></div>
      )}
      {notice && (
        <div className={`notice alert-${notice.kind}`} role={notice.kind === "danger" ? "alert" : "status"}>
          <span>{notice.words}</span>
          <button className="btn-close" type="button" aria-label={t("close")} onClick={() => setNotice(null)} />
        </div>
      )}
    </>
  );
}
