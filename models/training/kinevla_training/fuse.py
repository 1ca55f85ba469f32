"""Profile `fused`: vision, language model and the autoregressive loops of `generate` in one ONNX graph.

Built from the exported graphs of profile `split`, so that both profiles hold the same weights, each of them once.
Weights that lie beside the graphs are never read.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
LEVELS = ("coarse", "fine")


class Part:
    """An exported graph that may be called in several places; its weights go to the outermost graph once."""

    def __init__(self, name: str, model: ModelProto) -> None:
        self.name = name
        self.graph = model.graph
        self.inputs = [value.name for value in model.graph.input]
        self.outputs = [value.name for value in model.graph.output]
        self.weights = {weight.name for weight in model.graph.initializer}


class Builder:
    """Nodes of one graph or subgraph; constants always go to the outermost graph, which subgraphs can see."""

    def __init__(self, outer: Builder | None = None) -> None:
        self.outer = outer.outer if outer is not None else self
        self.nodes: list[NodeProto] = []
        if outer is None:
            self.initializers: dict[str, TensorProto] = {}
            self.names = 0

    def name(self, stem: str) -> str:
        self.outer.names += 1
        return f"{stem}_{self.outer.names}"

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        """One node with one output."""
        output = self.name(kind.lower())
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=f"{output}_node", **attributes))
        return output

    def constant(self, value: object, kind: type = np.int64) -> str:
        array = np.asarray(value, kind)
        name = self.name("constant")
        self.outer.initializers[name] = numpy_helper.from_array(array, name)
        return name

    def call(self, part: Part, *inputs: str) -> list[str]:
        """The nodes of a part on these inputs; gives its outputs."""
        for weight in part.graph.initializer:
            name = f"{part.name}.{weight.name}"
            if name not in self.outer.initializers:
                copy = TensorProto()
                copy.CopyFrom(weight)
                copy.name = name
                self.outer.initializers[name] = copy
        prefix = self.name(part.name)
        renamed = dict(zip(part.inputs, inputs, strict=True)) | {name: f"{part.name}.{name}" for name in part.weights}

        def rename(name: str) -> str:
            return renamed.get(name, f"{prefix}/{name}") if name else name

        for place, node in enumerate(part.graph.node):
            copy = NodeProto()
            copy.CopyFrom(node)
            copy.name = f"{prefix}/{node.op_type}_{place}"
            copy.input[:] = [rename(name) for name in node.input]
            copy.output[:] = [rename(name) for name in node.output]
            self.nodes.append(copy)
        return [rename(name) for name in part.outputs]

    def between(self, value: str, start: str, end: str, axis: int) -> str:
        return self.op("Slice", value, start, end, self.constant([axis]))

    def length(self, value: str, axis: int) -> str:
        return self.op("Shape", value, start=axis, end=axis + 1)


# Names of keys and values of everything fed so far.
Cache = tuple[str, str]


class Fusion:
    """The steps of `inference.generate`, each as nodes of a builder."""

    def __init__(self, language: Part, vocabulary: dict, nothing: str) -> None:
        self.language = language
        # As in the manifest.
        self.vocabulary = vocabulary
        # Visual tokens [1, 0, d] for every feed but the first.
        self.nothing = nothing

    def choose(self, b: Builder, logits: str) -> str:
        """Most likely ids [1, T] of logits [1, T, V]; -1 where a logit is not finite."""
        zero = b.op("ReduceSum", b.op("Sub", logits, logits), b.constant([2]), keepdims=0)
        best = b.op("ArgMax", logits, axis=2, keepdims=0)
        return b.op("Where", b.op("Equal", zero, b.constant(0, np.float32)), best, b.constant(-1))

    def is_text(self, b: Builder, token: str) -> str:
        """Whether an id [1, 1] may stand in a text, as a scalar; -1 may not: it reads the entry behind the last id."""
        v = self.vocabulary
        allowed = np.append(np.ones(v["size"], np.bool_), False)
        allowed[[v["bos"], v["eos"], v["pad"], *(token for pair in v["delimiters"].values() for token in pair)]] = False
        for base in (base for level in v["base"] for base in level):
            allowed[base - v["codebookSize"] + 1 : base + 1] = False
        return b.op("Reshape", b.op("Gather", b.constant(allowed, np.bool_), token), b.constant([], np.int64))

    def delimiter(self, level: int, closing: bool = False) -> int:
        """What opens or closes the codes of a level."""
        return self.vocabulary["delimiters"][f"{LEVELS[level]}Action"][closing]

    def text(
        self, b: Builder, level: int, unfed: str, after: list[int], cache: Cache, visual: str, draft: str, budget: str,
        forced: str,
    ) -> tuple[str, str, str, Cache]:
        """Text [1, T], the id [1, 1] chosen behind it, the logits [1, 1, V] behind its end and `after`, the cache then.

        `unfed` ids [1, U] may be "": there are none.
        """
        opening, closing = self.vocabulary["delimiters"][LEVELS[level]]
        head = b.op("Concat", unfed, b.constant([[opening]]), axis=1) if unfed else b.constant([[opening]])
        tail, close = b.constant([[closing, *after]]), b.constant([[closing]])
        fed = b.op("Concat", head, draft, tail, axis=1)
        logits, keys, values = b.call(self.language, fed, visual, *cache)
        start = b.op("Sub", b.length(head, 1), b.constant([1]))
        end = b.op("Add", b.op("Add", start, b.length(draft, 1)), b.constant([1]))
        wanted = self.choose(b, b.between(logits, start, end, 1))
        wrong = b.op("Cast", b.op("Not", b.op("Equal", wanted, b.op("Concat", draft, close, axis=1))), to=INT64)
        # The first of equals: the place of the first wrong id.
        kept = b.op("ArgMax", wrong, axis=1, keepdims=0)
        right = b.op("Equal", b.op("ReduceMax", wrong, keepdims=0), b.constant(0))

        kept_draft = Builder(b)
        done = [
            kept_draft.op("Identity", draft),
            kept_draft.op("Identity", close),
            self.last(kept_draft, logits),
            kept_draft.op("Identity", keys),
            kept_draft.op("Identity", values),
        ]
        written = Builder(b)
        going_on = self.write(written, tail, draft, wanted, kept, budget, keys, values)
        kinds = (INT64, INT64, FLOAT, FLOAT, FLOAT)
        outputs = [b.name(stem) for stem in ("text", "next", "logits", "keys", "values")]
        b.nodes.append(
            helper.make_node(
                "If",
                [b.op("Or", right, forced)],
                outputs,
                then_branch=subgraph(kept_draft, f"level_{level}_draft", [], done, kinds),
                else_branch=subgraph(written, f"level_{level}_written", [], going_on, kinds),
            )
        )
        text, token, logits, keys, values = outputs
        return text, token, logits, (keys, values)

    def write(
        self, b: Builder, tail: str, draft: str, wanted: str, kept: str, budget: str, keys: str, values: str
    ) -> list[str]:
        """Takes back what follows the kept part of the draft and goes on id by id up to the budget."""
        zero = b.constant([0])
        wasted = b.op("Add", b.op("Sub", b.length(draft, 1), kept), b.length(tail, 1))
        cache = [b.between(part, zero, b.op("Sub", b.length(part, 3), wasted), 3) for part in (keys, values)]
        token = b.op("Gather", wanted, kept, axis=1)
        most = b.op("Reshape", b.op("Sub", budget, kept), b.constant([], np.int64))

        body = Builder(b)
        count, before, fed, past_k, past_v = (body.name(s) for s in ("count", "before", "fed", "past_k", "past_v"))
        logits, k, v = body.call(self.language, fed, self.nothing, past_k, past_v)
        chosen = self.choose(body, logits)
        inputs = [(count, INT64), (before, BOOL), (fed, INT64), (past_k, FLOAT), (past_v, FLOAT)]
        results = [self.is_text(body, chosen), chosen, k, v, body.op("Reshape", fed, b.constant([1]))]
        graph = subgraph(body, body.name("writing"), inputs, results, (BOOL, INT64, FLOAT, FLOAT, INT64))
        outputs = [b.name(stem) for stem in ("next", "keys", "values", "rest")]
        b.nodes.append(helper.make_node("Loop", [most, self.is_text(b, token), token, *cache], outputs, body=graph))
        token, k, v, rest = outputs
        begun = b.between(draft, zero, kept, 1)
        text = b.op("Concat", begun, b.op("Reshape", rest, b.constant([1, -1])), axis=1)
        logits, k, v = b.call(self.language, tail, self.nothing, k, v)
        return [text, b.op("Identity", token), self.last(b, logits), k, v]

    def codes(self, b: Builder, level: int, logits: str, cache: Cache) -> tuple[str, str, str, Cache]:
        """Codes [M] of one level, their probabilities [M], the ids [1, 2] still to be fed, the cache before them."""
        bases = b.constant(self.vocabulary["base"][level])
        code, probability, token = self.pick(b, logits, b.op("Gather", bases, b.constant(0)))

        body = Builder(b)
        count, going, fed, past_k, past_v = (body.name(s) for s in ("count", "going", "fed", "past_k", "past_v"))
        logits, k, v = body.call(self.language, fed, self.nothing, past_k, past_v)
        base = body.op("Gather", bases, body.op("Add", count, b.constant(1)))
        next_code, next_probability, chosen = self.pick(body, logits, base)
        inputs = [(count, INT64), (going, BOOL), (fed, INT64), (past_k, FLOAT), (past_v, FLOAT)]
        results = [body.op("Identity", going), chosen, k, v, next_code, next_probability]
        graph = subgraph(body, f"level_{level}_codes", inputs, results, (BOOL, INT64, FLOAT, FLOAT, INT64, FLOAT))
        outputs = [b.name(stem) for stem in ("last", "keys", "values", "codes", "probabilities")]
        always = b.constant(True, np.bool_)
        feeds = [b.constant(len(self.vocabulary["base"][level]) - 1), always, token, *cache]
        b.nodes.append(helper.make_node("Loop", feeds, outputs, body=graph))
        last, keys, values, more_codes, more_probabilities = outputs
        flat = b.constant([-1])
        codes = b.op("Concat", code, b.op("Reshape", more_codes, flat), axis=0)
        probabilities = b.op("Concat", probability, b.op("Reshape", more_probabilities, flat), axis=0)
        closing = b.constant([[self.delimiter(level, closing=True)]])
        return codes, probabilities, b.op("Concat", last, closing, axis=1), (keys, values)

    def pick(self, b: Builder, logits: str, base: str) -> tuple[str, str, str]:
        """The likeliest code [1] of a band, its probability [1] there (NaN with a logit that is not), its id [1, 1]."""
        ids = b.op("Sub", base, b.constant(np.arange(self.vocabulary["codebookSize"])))
        band = b.op("Gather", b.op("Reshape", logits, b.constant([-1])), ids)
        code = b.op("ArgMax", band, axis=0, keepdims=1)
        zero = b.op("ReduceSum", b.op("Sub", band, band), keepdims=1)
        probability = b.op("Add", b.op("ReduceMax", b.op("Softmax", band, axis=0), keepdims=1), zero)
        return code, probability, b.op("Reshape", b.op("Sub", base, code), b.constant([1, 1]))

    def last(self, b: Builder, logits: str) -> str:
        """Logits [1, 1, V] of the last id."""
        return b.between(logits, b.constant([-1]), b.constant([np.iinfo(np.int64).max]), 1)


def subgraph(
    b: Builder, name: str, inputs: list[tuple[str, int]], outputs: list[str], kinds: tuple[int, ...]
) -> onnx.GraphProto:
    """A body or branch; shapes are left open because the cache grows, but for a Loop's count and condition."""
    given = [
        helper.make_tensor_value_info(value, kind, [] if place < 2 else None)
        for place, (value, kind) in enumerate(inputs)
    ]
    made = [helper.make_tensor_value_info(value, kind, None) for value, kind in zip(outputs, kinds, strict=True)]
    return helper.make_graph(b.nodes, name, given, made)


def fuse(vision: ModelProto, language: ModelProto, vocabulary: dict) -> ModelProto:
    """`generator.onnx` (models/README.md) from `vision.onnx` and `lm.onnx`, with the manifest's vocabulary."""
    b = Builder()
    pictures = {value.name: value for value in vision.graph.input}
    (visual,) = b.call(Part("vision", vision), "images", "proprio")
    zero = b.constant([0])
    fusion = Fusion(Part("language", language), vocabulary, b.between(visual, zero, zero, 1))
    past = next(value for value in language.graph.input if value.name == "past_k").type.tensor_type.shape
    shape = [0 if axis == 3 else dimension.dim_value for axis, dimension in enumerate(past.dim)]
    empty = b.constant(np.zeros(shape), np.float32)
    forced = b.op("Reshape", "forced", b.constant([], np.int64))
    unfed, cache = "prompt_ids", (empty, empty)
    outputs: list[ValueInfoProto] = []
    probabilities = []

    def output(name: str, value: str, kind: int, shape: list[int | str]) -> None:
        b.nodes.append(helper.make_node("Reshape", [value, b.constant([1, -1])], [name], name=f"{name}_node"))
        outputs.append(helper.make_tensor_value_info(name, kind, shape))

    depths = [len(bases) for bases in vocabulary["base"]]

    def write(level: int, after: list[int]) -> str:
        """The text of a level; logits behind its end."""
        nonlocal unfed, cache
        name = LEVELS[level]
        seen = visual if level == 0 else fusion.nothing
        text, token, logits, cache = fusion.text(
            b, level, unfed, after, cache, seen, f"{name}_text", f"{name}_budget", forced
        )
        unfed = ""
        output(f"{name}_out", text, INT64, [1, f"{name}_length"])
        output(f"{name}_next", token, INT64, [1, 1])
        return logits

    def choose(level: int, logits: str) -> None:
        """The codes of a level from the logits behind its opening delimiter."""
        nonlocal unfed, cache
        codes, likely, unfed, cache = fusion.codes(b, level, logits, cache)
        probabilities.append(likely)
        output(f"{LEVELS[level]}_codes", codes, INT64, [1, depths[level]])

    if vocabulary.get("sequence") == "texts-first":
        write(0, [])
        choose(0, write(1, [fusion.delimiter(0)]))
        fed = b.op("Concat", unfed, b.constant([[fusion.delimiter(1)]]), axis=1)
        logits, *cache = b.call(fusion.language, fed, fusion.nothing, *cache)
        choose(1, fusion.last(b, logits))
    else:
        for level in range(len(LEVELS)):
            choose(level, write(level, [fusion.delimiter(level)]))
    output("code_prob", b.op("Concat", *probabilities, axis=0), FLOAT, [1, sum(depths)])

    inputs = [
        pictures["images"],
        pictures["proprio"],
        helper.make_tensor_value_info("prompt_ids", INT64, [1, "P"]),
        helper.make_tensor_value_info("coarse_text", INT64, [1, "Tc"]),
        helper.make_tensor_value_info("fine_text", INT64, [1, "Tf"]),
        helper.make_tensor_value_info("coarse_budget", INT64, [1]),
        helper.make_tensor_value_info("fine_budget", INT64, [1]),
        helper.make_tensor_value_info("forced", BOOL, [1]),
    ]
    graph = helper.make_graph(b.nodes, "generator", inputs, outputs, list(b.initializers.values()))
    opsets = {entry.domain: entry for model in (vision, language) for entry in model.opset_import}
    return helper.make_model(graph, opset_imports=list(opsets.values()), ir_version=language.ir_version)
