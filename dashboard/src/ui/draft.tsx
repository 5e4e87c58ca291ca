import { useId, useState } from "react";
import { call } from "../lib/api";
import { blank, linesOf, parseDraft } from "../lib/draft";
import { Action } from "./parts";

/** A whole draft as JSON. The page says where it is none; whether it is a good one the server says when it is sent. */
export function DraftEditor({ kind, start, label, may, send }: { kind: "brief" | "plan"; start?: object | undefined; label: string; may: boolean; send: (content: object) => Promise<void> }) {
  const id = useId();
  const [text, setText] = useState(() => JSON.stringify(start ?? blank[kind], null, 2));
  const parsed = parseDraft(text);
  return (
    <div className="draft">
      <label htmlFor={id}>The {kind} as JSON; its fields are in docs/content.md</label>
      <textarea id={id} className="mono" rows={Math.min(24, text.split("\n").length + 1)} value={text} disabled={!may} spellCheck={false} onChange={(e) => setText(e.target.value)} aria-invalid={parsed.wrong !== undefined} aria-describedby={`${id}-wrong`} />
      <p id={`${id}-wrong`} className="error" role="status">
        {parsed.wrong}
      </p>
      <div className="buttons">
        <Action
          label={label}
          tone="primary"
          disabled={!may || parsed.wrong !== undefined}
          act={async () => {
            if (parsed.content) await send(parsed.content);
          }}
        />
      </div>
    </div>
  );
}

export interface Asked {
  path: string;
  message: string;
  /** What the answer must hold: `brief`, `plan` or `critique`. */
  content: string;
  start?: object | undefined;
}

/** An answer that is more than words, or the reason why there is none. */
export function ContentAnswer({ of, may, done }: { of: Asked; may: boolean; done: () => Promise<void> }) {
  const id = useId();
  const [text, setText] = useState("");
  const [blocking, setBlocking] = useState(false);
  const send = (body: object) => async () => {
    await call("POST", of.path, { message: of.message, ...body });
    await done();
  };
  const draft = of.content === "brief" || of.content === "plan" ? of.content : undefined;
  const said = text.trim();
  return (
    <div className="answer">
      {draft && <DraftEditor kind={draft} start={of.start} label={`Send the ${draft}`} may={may} send={(content) => send({ content })()} />}
      <label htmlFor={id}>{of.content === "critique" ? "Findings, one a line" : "Why there will be none"}</label>
      <textarea id={id} rows={of.content === "critique" ? 4 : 2} value={text} disabled={!may} onChange={(e) => setText(e.target.value)} />
      <div className="buttons">
        {of.content === "critique" && (
          <>
            <label className="check">
              <input type="checkbox" checked={blocking} disabled={!may} onChange={(e) => setBlocking(e.target.checked)} /> the plan must be changed
            </label>
            <Action label="Send the critique" tone="primary" disabled={!may || (blocking && !said)} act={send({ content: { findings: linesOf(text), blocking } })} />
          </>
        )}
        <Action label="Refuse to answer" tone="danger" confirm="Really refuse?" disabled={!may || !said} act={send({ refuse: said })} />
      </div>
    </div>
  );
}
