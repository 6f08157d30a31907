/** Builds the Grafana dashboard from the panels. It uses the first dashboard schema, which every Grafana version reads. */
/* eslint-disable @typescript-eslint/no-deprecated -- the second schema needs Grafana 12 */
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  type Dashboard,
} from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus";
import { PanelBuilder as StatBuilder } from "@grafana/grafana-foundation-sdk/stat";
import { PanelBuilder as TimeseriesBuilder } from "@grafana/grafana-foundation-sdk/timeseries";
import { annotation, rows, type Panel } from "./panels.js";

const datasource = { type: "prometheus", uid: "${datasource}" };
const height = { stat: 4, timeseries: 8 } as const;

function panelOf({ kind, title, description, unit, width, queries }: Panel): StatBuilder | TimeseriesBuilder {
  const builder = kind === "stat" ? new StatBuilder() : new TimeseriesBuilder();
  builder
    .title(title)
    .description(description)
    .unit(unit)
    .datasource(datasource)
    .height(height[kind])
    .span(width);
  queries.forEach(({ expr, legend }, i) => {
    builder.withTarget(
      new DataqueryBuilder()
        .expr(expr)
        .legendFormat(legend)
        .refId(String.fromCharCode(65 + i)),
    );
  });
  return builder;
}

function variable(name: string, label: string, query: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true);
}

export function dashboard(): Dashboard {
  const builder = new DashboardBuilder("Undercurrent")
    .uid("undercurrent")
    .tags(["undercurrent", "kafka", "forecasting"])
    .refresh("10s")
    .time({ from: "now-30m", to: "now" })
    .timezone("browser")
    .annotation(
      new AnnotationQueryBuilder()
        .name(annotation.name)
        .datasource(datasource)
        .enable(true)
        .iconColor("orange")
        .expr(annotation.expr)
        .titleFormat(annotation.title)
        .textFormat(annotation.text)
        .tagKeys("kind,severity_band")
        .step("30s"),
    )
    .withVariable(new DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
    .withVariable(
      variable("instance", "Instance", "label_values(undercurrent_build_info, instance)").allValue(".*"),
    )
    .withVariable(variable("key", "Key", 'label_values(undercurrent_y{instance=~"$instance"}, key)'));
  let id = 0;
  for (const { title, repeat, panels } of rows) {
    const row = new RowBuilder(title).id(++id);
    if (repeat !== undefined) row.repeat(repeat);
    builder.withRow(row);
    panels.forEach((panel) => builder.withPanel(panelOf(panel).id(++id)));
  }
  return builder.build();
}
