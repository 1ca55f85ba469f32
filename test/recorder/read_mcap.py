"""Reads one recording with the package mcap by its index; prints what is in it as one JSON object."""

import base64
import hashlib
import json
import sys

from mcap.reader import make_reader


def described(schema, channel, message):
    value = json.loads(message.data)
    picture = base64.b64decode(value["data"], validate=True) if schema.name == "foxglove.CompressedImage" else b""
    return {
        "topic": channel.topic,
        "schema": schema.name,
        "encodings": [channel.message_encoding, schema.encoding],
        "described": json.loads(schema.data),
        "log_time": message.log_time,
        "publish_time": message.publish_time,
        "sequence": message.sequence,
        "value": value,
        "picture": hashlib.sha256(picture).hexdigest(),
    }


with open(sys.argv[1], "rb") as stream:
    reader = make_reader(stream, validate_crcs=True)
    summary = reader.get_summary()
    print(
        json.dumps(
            {
                "library": reader.get_header().library,
                "count": summary.statistics.message_count,
                "messages": [described(*one) for one in reader.iter_messages(log_time_order=False)],
                "metadata": {one.name: one.metadata for one in reader.iter_metadata()},
                "attachments": {one.name: len(one.data) for one in reader.iter_attachments()},
            }
        )
    )
