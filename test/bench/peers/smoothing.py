"""A peer of the bench: River's Holt-Winters for each key in Quix Streams, exactly once.

Arguments: brokers, application, input, output, folder of the state.
"""

import pickle
import sys

from quixstreams import Application
from river.time_series import HoltWinters

brokers, application, source, target, folder = sys.argv[1:6]

app = Application(
    broker_address=brokers,
    consumer_group=application,
    auto_offset_reset="earliest",
    processing_guarantee="exactly-once",
    state_dir=folder,
    auto_create_topics=True,
)


def forecast(reading, state):
    """The model lives in the state: what is kept elsewhere would not survive a restart."""
    held = state.get_bytes("model")
    model, spread = pickle.loads(held) if held else (HoltWinters(alpha=0.3, beta=0.1), 0.0)
    value = reading["value"]
    try:
        error = abs(value - model.forecast(horizon=1)[0])
    except (IndexError, ValueError, TypeError):
        error = 0.0
    model.learn_one(value)
    spread += 0.1 * (error - spread)
    state.set_bytes("model", pickle.dumps((model, spread)))
    try:
        following = model.forecast(horizon=1)[0]
    except (IndexError, ValueError, TypeError):
        following = value
    return {
        **reading,
        "forecast": following,
        "lower": following - 3 * spread,
        "upper": following + 3 * spread,
    }


readings = app.dataframe(app.topic(source, value_deserializer="json"))
readings = readings.apply(forecast, stateful=True)
readings.to_topic(app.topic(target, value_serializer="json"))
app.run()
