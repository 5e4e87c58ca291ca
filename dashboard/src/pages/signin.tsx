import { useState } from "react";
import { call, Refusal } from "../lib/api";
import type { Session } from "../lib/types";

/** Takes a token once and has the server put it into a cookie that no script can read. */
export function SignIn({ refused, done }: { refused?: string; done: (s: Session) => void }) {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(refused ?? "");
  const go = async () => {
    setBusy(true);
    setError("");
    try {
      const s = await call<Session>("POST", "/api/session", undefined, { token: token.trim() });
      setToken("");
      done(s);
    } catch (e) {
      setError(
        e instanceof Refusal && e.status === 401 ? "This token is not valid, or was revoked."
        : e instanceof Refusal && e.status === 403 ? "This token may not look at the dashboard; it needs the role viewer."
        : e instanceof Refusal ? e.message
        : "The server does not answer.",
      );
      setBusy(false);
    }
  };
  return (
    <main className="alone">
      <form
        className="card sign-in"
        onSubmit={(e) => {
          e.preventDefault();
          if (token.trim()) void go();
        }}
      >
        <h1>
          <img src={new URL("../icon.svg", import.meta.url).href} width="24" height="24" alt="" />
          Troupe
        </h1>
        <p className="muted">
          Sign in with a token. The first start of the server wrote one to <code>admin.token</code> in its data folder; <code>troupe token create</code> makes
          others, and <code>troupe dashboard</code> prints an address that needs none.
        </p>
        <label htmlFor="token">Token</label>
        <input id="token" type="password" autoComplete="off" autoFocus value={token} placeholder="trp_…" spellCheck={false} aria-describedby={error ? "token-error" : undefined} onChange={(e) => setToken(e.target.value)} />
        {error && (
          <p id="token-error" className="error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" className="primary" disabled={busy || token.trim() === ""}>
          {busy ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
