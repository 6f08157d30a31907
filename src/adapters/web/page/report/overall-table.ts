/** The scores over all keys: a row for each forecaster. */
import type { ForecasterScores } from "../../report-data.js";
import { create } from "../dom.js";
import { formatPercent, formatValue } from "../format.js";
import { signed } from "./wording.js";

export function overallTable(scores: readonly ForecasterScores[]): HTMLElement[] {
  const head = create("thead");
  const names = create("tr");
  names.append(
    ...["Forecaster", "MAE", "RMSE", "Skill", "Coverage"].map((name) => {
      const cell = create("th", "", name);
      cell.scope = "col";
      return cell;
    }),
  );
  head.append(names);
  const body = create("tbody");
  body.append(
    ...scores.map(({ name, mae, rmse, skill, coverage }) => {
      const row = create("tr");
      const first = create("th", "", name);
      first.scope = "row";
      const cells = [formatValue(mae), formatValue(rmse), signed(skill), formatPercent(coverage, 1)];
      row.append(first, ...cells.map((text) => create("td", "", text)));
      return row;
    }),
  );
  return [head, body];
}
