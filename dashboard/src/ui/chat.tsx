import type { ReactNode } from "react";
import { Who } from "./parts";

/** One thing that somebody said; `about`: to whom, or when. */
export const Said = ({ by, about, text, children }: { by: string | undefined; about: ReactNode; text: ReactNode; children?: ReactNode }) => (
  <li>
    <div>
      <strong>
        <Who id={by} />
      </strong>{" "}
      <span className="muted">{about}</span>
    </div>
    <div className="said">{text}</div>
    {children}
  </li>
);
