import { Component, lazy, Suspense, useCallback, useEffect, useRef, useState, type ComponentType, type ReactNode } from "react";
import { asRefusal, call, get, Refusal } from "./lib/api";
import { ago } from "./lib/format";
import { forgetAll, live, useLink } from "./lib/live";
import { PrincipalContext } from "./lib/principal";
import { parseRoute, useRoute } from "./lib/route";
import { applyTheme, theme, type Theme } from "./lib/theme";
import type { Session } from "./lib/types";
import { Inbox } from "./pages/inbox";
import { SignIn } from "./pages/signin";
import { InboxContext, useWaiting } from "./lib/inbox";
import { Loading, useNow } from "./ui/parts";

/** Each browser has its own words for a file of the page that it could not fetch. */
const unfetched = (e: unknown): boolean => e instanceof Error && /dynamically imported module|importing a module script/i.test(e.message);

/** A page in a file of its own; where that does not come, something that says so in its place. */
const fetched = (load: () => Promise<{ default: ComponentType }>) =>
  lazy(() =>
    load().catch((e: unknown) => {
      if (!unfetched(e)) throw e;
      const seen = { away: false };
      return { default: () => <Unfetched seen={seen} /> };
    }),
  );

const pages: { key: string; title: string; view: ComponentType }[] = [
  { key: "inbox", title: "Inbox", view: Inbox },
  { key: "board", title: "Board", view: fetched(() => import("./pages/board")) },
  { key: "plan", title: "Plan", view: fetched(() => import("./pages/plan")) },
  { key: "traffic", title: "Traffic", view: fetched(() => import("./pages/traffic")) },
  { key: "agents", title: "Agents", view: fetched(() => import("./pages/agents")) },
  { key: "ledger", title: "Ledger", view: fetched(() => import("./pages/ledger")) },
  { key: "costs", title: "Costs", view: fetched(() => import("./pages/costs")) },
  { key: "system", title: "System", view: fetched(() => import("./pages/system")) },
];
const ticketPage = { key: "ticket", title: "Ticket", view: fetched(() => import("./pages/ticket")) };

export function App() {
  const [session, setSession] = useState<Session | null>();
  const [trouble, setTrouble] = useState<Refusal>();
  const link = useLink();

  const [refused, setRefused] = useState("");
  const look = useCallback(async () => {
    // An address of `troupe dashboard` carries a code, good once; it does not stay there.
    const { page, id } = parseRoute(location.hash);
    if (page === "sign-in") {
      history.replaceState(null, "", "#/inbox");
      dispatchEvent(new HashChangeEvent("hashchange"));
      try {
        return setSession(await call<Session>("POST", "/api/session/redeem", { code: id }));
      } catch (e) {
        if (e instanceof Refusal) setRefused(e.message);
      }
    }
    try {
      setSession(await get<Session>("/api/session"));
      setTrouble(undefined);
    } catch (e) {
      if (e instanceof Refusal && (e.status === 401 || e.status === 403)) setSession(null);
      else setTrouble(asRefusal(e));
    }
  }, []);
  useEffect(() => void look(), [look]);
  useEffect(() => {
    if (!trouble) return;
    const timer = setTimeout(() => void look(), 2_000);
    return () => clearTimeout(timer);
  }, [trouble, look]);
  useEffect(() => {
    if (session) live.start();
  }, [session]);
  useEffect(() => {
    if (link === "signed-out") setSession(null);
  }, [link]);

  if (session === undefined)
    return (
      <main className="alone">
        {trouble ? (
          <div className="card sign-in" role="alert">
            <h1>Troupe</h1>
            <p className="error">{trouble.message}</p>
            <p className="muted">Trying again every two seconds.</p>
          </div>
        ) : (
          <Loading what="who you are" />
        )}
      </main>
    );
  if (session === null)
    return (
      <SignIn
        refused={refused}
        done={(s) => {
          live.end();
          forgetAll();
          setSession(s);
        }}
      />
    );
  return (
    <PrincipalContext.Provider value={session}>
      <Frame
        session={session}
        signOut={async () => {
          await call("DELETE", "/api/session");
          live.end();
          forgetAll();
          setSession(null);
        }}
      />
    </PrincipalContext.Provider>
  );
}

function Frame({ session, signOut }: { session: Session; signOut: () => Promise<void> }) {
  const route = useRoute();
  const page = route.page === "ticket" ? ticketPage : (pages.find((p) => p.key === route.page) ?? pages[0]!);
  const waiting = useWaiting();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const where = `${page.key}/${route.id}`;
  useEffect(() => {
    // A new page begins at its top, and who reads it by ear hears its title.
    if (first.current) first.current = false;
    else {
      scrollTo(0, 0);
      main.current?.focus({ preventScroll: true });
    }
  }, [where]);
  useEffect(() => {
    const n = waiting.count;
    document.title = `${n > 0 ? `(${n}) ` : ""}${page.key === "ticket" ? route.id : page.title} – Troupe`;
  }, [page, route.id, waiting.count]);
  const View = page.view;
  return (
    <div className="frame">
      <a className="skip" href="#main" onClick={(e) => (e.preventDefault(), main.current?.focus())}>
        Skip to the content
      </a>
      <header className="top">
        <a className="brand" href="#/inbox">
          <img src={new URL("./icon.svg", import.meta.url).href} width="20" height="20" alt="" />
          Troupe
        </a>
        <nav aria-label="Pages">
          {pages.map((p) => (
            <a key={p.key} href={`#/${p.key}`} aria-current={p === page || (p.key === "board" && page === ticketPage) ? "page" : undefined}>
              {p.title}
              {p.key === "inbox" && waiting.count > 0 && (
                <span className="bubble" aria-label={`${waiting.count} waiting`}>
                  {waiting.count}
                </span>
              )}
            </a>
          ))}
        </nav>
        <div className="top-side">
          <LinkState />
          <ThemeSwitch />
          <span className="me" title={session.roles.join(", ")}>
            {session.id.replace(/^human:/, "")}
          </span>
          <button type="button" className="plain" onClick={() => void signOut()}>
            Sign out
          </button>
        </div>
      </header>
      <Lost />
      <main id="main" ref={main} tabIndex={-1}>
        <Fence key={where}>
          <Suspense fallback={<Loading what="the page" />}>
            <InboxContext.Provider value={waiting}>
              <View />
            </InboxContext.Provider>
          </Suspense>
        </Fence>
      </main>
    </div>
  );
}

function LinkState() {
  const link = useLink();
  const text = link === "open" ? "live" : link === "lost" ? "no link" : "connecting";
  return (
    <span className={`link ${link}`} role="status">
      <span className="dot" aria-hidden="true" />
      {text}
    </span>
  );
}

function Lost() {
  const link = useLink();
  const now = useNow(1_000);
  if (link !== "lost") return null;
  return (
    <div className="notice amber" role="alert">
      The link to the server was lost {ago(live.since, now)}. What is shown may be old; trying again by itself.
    </div>
  );
}

function ThemeSwitch() {
  const [is, set] = useState<Theme>(theme);
  const next: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
  const name: Record<Theme, string> = { system: "Auto", light: "Light", dark: "Dark" };
  return (
    <button
      type="button"
      className="plain"
      title={`Colours; change to ${name[next[is]].toLowerCase()}`}
      onClick={() => {
        applyTheme(next[is]);
        set(next[is]);
      }}
    >
      <span className="label">Colours: </span>
      {name[is]}
    </button>
  );
}

/** A page that fails takes only itself down, and says so. */
class Fence extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};
  static getDerivedStateFromError(error: Error) {
    return { error };
  }
  override render() {
    return this.state.error ? (
      <div className="notice red" role="alert">
        <span>This page failed: {this.state.error.message}</span>
        <button type="button" onClick={() => location.reload()}>
          Load it again
        </button>
      </div>
    ) : (
      this.props.children
    );
  }
}

/** In place of a page that could not be fetched; where the server was away, it is as soon as the server is back. */
function Unfetched({ seen }: { seen: { away: boolean } }) {
  const link = useLink();
  useEffect(() => {
    if (link === "lost") seen.away = true;
    else if (link === "open" && seen.away) location.reload();
  }, [link, seen]);
  return (
    <div className="notice amber" role="alert">
      <span>{link === "open" ? "This page could not be fetched from the server." : "This page was not fetched before the link was lost; it is as soon as the server answers."}</span>
      <button type="button" onClick={() => location.reload()}>
        Load it again
      </button>
    </div>
  );
}
