// The text message of an action: chosen, written on the spot, or edited; always in the usual form.

import { useEffect, useRef, useState } from "react";
import { editor } from "../../core/static/js/editor.js";
import { csrf } from "./api.js";
import { useBuilder } from "./context.js";
import { Modal } from "./dialogs.jsx";
import { Icon } from "./icon.jsx";
import { page, t } from "./words.js";

export function Message({ id, value, change, described, choices }) {
  const { canWrite, actions, lookAgain } = useBuilder();
  const [open, setOpen] = useState(null);
  const chosen = choices.find((one) => one.value === value);
  const saved = (message) => {
    actions.learn("messages", message);
    change(message.value);
    setOpen(null);
    if (message.value === value) lookAgain(); // the drawing is the same: nothing is saved
  };
  return (
    <>
      <select className="form-select" id={id} aria-describedby={described} value={value ?? ""} onChange={(event) => change(event.target.value ? Number(event.target.value) : null)}>
        {!chosen && <option value="">{value ? t("gone", { value }) : t("choose")}</option>}
        {choices.map((one) => <option key={one.value} value={one.value}>{one.label}</option>)}
      </select>
      {chosen?.help && <div className="bubble bubble-out small mt-2">{chosen.help}</div>}
      {canWrite && (
        <div className="btn-list mt-2">
          <button className="btn btn-sm" type="button" onClick={() => setOpen(page.urls.newMessage)}><Icon name="plus-lg" /> {t("new_message")}</button>
          {chosen && <button className="btn btn-sm" type="button" onClick={() => setOpen(page.urls.message.replace("/0", `/${value}`))}><Icon name="pencil" /> {t("edit_message")}</button>}
        </div>
      )}
      {open && <MessageForm url={open} title={open === page.urls.newMessage ? t("new_message") : t("edit_message_title", { name: chosen?.label ?? "" })} saved={saved} close={() => setOpen(null)} />}
    </>
  );
}

/** The server's own form in a dialog: it is sent from here, and the answer is what was saved. */
function MessageForm({ url, title, saved, close }) {
  const { ask } = useBuilder();
  const home = useRef(null);
  const dirty = useRef(false);
  const [trouble, setTrouble] = useState("");
  const [shown, setShown] = useState(false);

  const show = (html) => {
    setShown(true);
    home.current.innerHTML = html;
    window.htmx.process(home.current);
    editor(home.current);
    (home.current.querySelector("[aria-invalid]") ?? home.current.querySelector("input[name=name]"))?.focus();
  };
  useEffect(() => {
    let here = true;
    fetch(url, { credentials: "same-origin", headers: { "HX-Request": "true" } }).then(async (response) => {
      const html = await response.text();
      if (!here) return;
      if (response.ok) show(html);
      else setTrouble(response.status === 401 ? t("signed_out") : t("failed"));
    }).catch(() => here && setTrouble(t("offline")));
    return () => { here = false; };
  }, [url]);

  const send = async (event) => {
    event.preventDefault();
    event.stopPropagation(); // the page's own doings with forms are not for this one
    const form = event.target;
    const fields = new FormData(form, event.nativeEvent.submitter);
    fields.set("csrf_token", csrf());
    setTrouble("");
    try {
      const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields), credentials: "same-origin", headers: { "HX-Request": "true" } });
      if (response.ok && response.headers.get("content-type")?.includes("json")) saved(await response.json());
      else if (response.status === 401) setTrouble(t("signed_out"));
      else if (response.headers.get("content-type")?.includes("html")) show(await response.text());
      else setTrouble(t("failed"));
    } catch {
      setTrouble(t("offline"));
    }
  };
  const leaving = async () => {
    const sure = !dirty.current || (await ask({ title: t("leave_message"), text: t("leave_message_text"), choices: [{ value: "yes", label: t("leave"), style: "btn-danger" }] }));
    if (sure) close();
  };
  return (
    <Modal title={title} close={leaving} wide>
      {trouble && <p className="text-danger" role="alert">{trouble}</p>}
      {!shown && !trouble && <p><span className="spinner-border spinner-border-sm" aria-hidden="true" /> {t("loading")}</p>}
      <div className="message-form" ref={home} onSubmit={send} onInput={() => { dirty.current = true; }}
        onClick={(event) => event.target.closest("[data-close]") && leaving()} />
    </Modal>
  );
}
