"""River and Prophet: reads {"series": [[...]], "origins": [...]} from stdin, prints forecasts and CPU seconds by name."""

import json
import logging
import sys
import time

task = json.load(sys.stdin)
horizon, window = task["horizon"], task["window"]


def river(series, origins):
    from river import time_series

    # The numbers of River's own example.
    model = time_series.HoltWinters(alpha=0.3, beta=0.1, gamma=0.6, seasonality=24, multiplicative=False)
    wanted, forecasts = set(origins), []
    for row, value in enumerate(series[: origins[-1]], 1):
        model.learn_one(value)
        if row in wanted:
            forecasts.append(model.forecast(horizon=horizon))
    return forecasts


def prophet(series, origins):
    import pandas
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    times = pandas.date_range("2016-07-01", periods=len(series) + horizon, freq="h")
    forecasts = []
    for at in origins:
        model = Prophet(yearly_seasonality=False, uncertainty_samples=0)
        model.fit(pandas.DataFrame({"ds": times[at - window : at], "y": series[at - window : at]}))
        forecasts.append(model.predict(pandas.DataFrame({"ds": times[at : at + horizon]}))["yhat"].tolist())
    return forecasts


def cpu():
    # Prophet's optimiser is a process of its own.
    used = time.process_time
    import resource

    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used() + children.ru_utime + children.ru_stime


results = {}
for name, run in {"river Holt-Winters": river, "prophet": prophet}.items():
    try:
        begin = cpu()
        forecasts = [run(series, task["origins"]) for series in task["series"]]
        results[name] = {"forecasts": forecasts, "seconds": cpu() - begin, "isOnline": run is river}
    except ImportError as error:
        print(f"SKIPPED: {name}: {error}", file=sys.stderr)
print(json.dumps(results))
