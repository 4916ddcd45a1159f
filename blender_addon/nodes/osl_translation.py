"""Translation of a node group's float outputs into statements of Open Shading Language, for one script.

With OSL, Cycles runs every node of a graph as a separate function. A metal of a hundred Math nodes then takes twice the
time that it takes without OSL. The same formulas in one script take half of that time.
"""

from collections.abc import Mapping

import bpy

_MATH = {
    "ADD": "{0} + {1}",
    "SUBTRACT": "{0} - {1}",
    "MULTIPLY": "{0} * {1}",
    "DIVIDE": "{0} / {1}",  # division by 0 gives 0, in OSL as in the node
    "MINIMUM": "min({0}, {1})",
    "MAXIMUM": "max({0}, {1})",
    "GREATER_THAN": "({0} > {1}) ? 1.0 : 0.0",
    "LESS_THAN": "({0} < {1}) ? 1.0 : 0.0",
    "ABSOLUTE": "abs({0})",
    "FLOOR": "floor({0})",
    "FRACT": "{0} - floor({0})",
    "SQRT": "sqrt({0})",
    "SINE": "sin({0})",
    "COSINE": "cos({0})",
    "ARCTAN2": "atan2({0}, {1})",
    "SIGN": "sign({0})",
    "SMOOTH_MIN": "smooth_minimum({0}, {1}, {2})",
}
_WHITE_NOISE = (  # the components of the 4-D colour; see water_stain.noise.white_noise
    'noise("hash", {0}, {1})',
    'noise("hash", point({0}[2], {0}[0], {1}), {0}[1])',
    'noise("hash", point({1}, {0}[2], {0}[1]), {0}[0])',
)
FUNCTIONS = """float smooth_minimum(float a, float b, float distance)
{
    if (distance == 0)
        return min(a, b);
    float h = max(distance - abs(a - b), 0.0) / distance;
    return min(a, b) - h * h * h * distance * (1.0 / 6.0);
}

float fractal(point P, int octaves)
{
    float sum = 0, amplitude = 1;
    point Q = P;
    for (int i = 0; i <= octaves; i++) {
        sum += amplitude * snoise(Q);
        amplitude *= 0.5;
        Q *= 2.0;
    }
    return sum;
}
"""


def osl_source(tree: bpy.types.ShaderNodeTree, name: str, outputs: tuple[str, ...]) -> str:
    """Return the source of shader `name` with the input point Position and the group's float `outputs`.

    Raises ValueError for a node or a node setting without a translation.
    """
    lines, results = osl_statements(tree, outputs, {})
    arguments = ["point Position = P", *(f"output float {output} = 0" for output in outputs)]
    body = "\n".join([*lines, *(f"    {output} = {result};" for output, result in results.items())])
    return f"{FUNCTIONS}\nshader {name}({', '.join(arguments)})\n{{\n{body}\n}}\n"


def osl_statements(
    tree: bpy.types.ShaderNodeTree, outputs: tuple[str, ...], inputs: Mapping[str, str], gates: tuple[str, ...] = ()
) -> tuple[list[str], dict[str, str]]:
    """Return the statements that compute a group's float `outputs`, and the expression of each output.

    The statements use the point Position and the functions of FUNCTIONS. `inputs` are the expressions of the group's
    other inputs by name. `gates` are outputs that are computed first, in their order; where one is 0, the statements go
    on with the next turn of the loop around them. Raises ValueError for a node or a node setting without a translation.
    """
    (out,) = (node for node in tree.nodes if node.type == "GROUP_OUTPUT")
    translation = _Translation(inputs)
    for gate in gates:
        translation.lines.append(f"    if ({translation.value(out.inputs[gate])} <= 0)\n            continue;")
    results = {output: translation.value(out.inputs[output]) for output in outputs}
    return translation.lines, results


class _Translation:
    """The statements so far, and the variable of every translated node."""

    def __init__(self, inputs: Mapping[str, str]) -> None:
        self.lines: list[str] = []
        self._inputs = {"Position": "Position", **inputs}
        self._variables: dict[tuple[str, str], str] = {}

    def value(self, socket: bpy.types.NodeSocket) -> str:
        """Return the variable or the number of an input socket."""
        if not socket.is_linked:
            return osl_number(socket.default_value)
        source = socket.links[0].from_socket
        return self._output(source.node, source)

    def _output(self, node: bpy.types.Node, source: bpy.types.NodeSocket) -> str:
        if node.type == "GROUP_INPUT" and source.name in self._inputs:
            return self._inputs[source.name]
        if node.type == "VALUE":
            return osl_number(source.default_value)
        if node.type == "SEPXYZ":
            return f"{self.value(node.inputs['Vector'])}[{'XYZ'.index(source.name)}]"
        key = (node.name, source.identifier)
        if key not in self._variables:
            kind, expression = self._expression(node, source.name)
            variable = f"v{len(self._variables)}"
            self.lines.append(f"    {kind} {variable} = {expression};")
            self._variables[key] = variable
        return self._variables[key]

    def _expression(self, node: bpy.types.Node, output: str) -> tuple[str, str]:
        if node.type == "MATH" and node.operation in _MATH and not node.use_clamp:
            return "float", _MATH[node.operation].format(*(self.value(s) for s in node.inputs if s.enabled))
        if node.type == "COMBXYZ":
            return "point", f"point({', '.join(self.value(node.inputs[axis]) for axis in 'XYZ')})"
        if node.type == "TEX_WHITE_NOISE" and node.noise_dimensions == "4D" and output == "Color":
            key, w = self.value(node.inputs["Vector"]), self.value(node.inputs["W"])
            return "point", f"point({', '.join(word.format(key, w) for word in _WHITE_NOISE)})"
        if node.type == "TEX_NOISE" and output in ("Fac", "Factor"):
            return "float", self._noise(node)
        raise ValueError(f"no OSL for the node {node.name!r} ({node.type}, output {output})")

    def _noise(self, node: bpy.types.ShaderNodeTexNoise) -> str:
        plain = {"Roughness": 0.5, "Lacunarity": 2.0, "Distortion": 0.0, "Scale": 1.0}
        octaves = node.inputs["Detail"].default_value
        plainly = all(not node.inputs[n].is_linked and node.inputs[n].default_value == v for n, v in plain.items())
        settings = (node.noise_dimensions, node.noise_type, node.normalize)
        if settings != ("3D", "FBM", False) or not plainly or octaves != int(octaves):
            raise ValueError(f"no OSL for the noise {node.name!r}: only whole octaves of plain 3-D noise have one")
        return f"fractal({self.value(node.inputs['Vector'])}, {int(octaves)})"


def osl_number(value: float) -> str:
    """Return a number as OSL writes it."""
    return f"({value:.9e})"  # exact for a float32; never an integer literal, which OSL would divide as an integer
