import { page } from "./words.js";

export function Icon({ name, extra = "" }) {
  return (
    <svg className={`icon ${extra}`} aria-hidden="true" focusable="false">
      <use href={`${page.icons}#${name}`} />
    </svg>
  );
}

const OF_KIND = { action: "lightning", decision: "person-raised-hand", condition: "question-diamond" };
export const iconOf = (event, type) => type?.icon || OF_KIND[event.kind];
