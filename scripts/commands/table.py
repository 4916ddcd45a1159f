"""The subcommands of ``stainless``: one row for each door of the project. A new door is one more row."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A subcommand: the module that runs, as ``python -m`` runs it, and what it does, in a few words."""

    module: str
    summary: str

    @property
    def name(self) -> str:
        """Return the subcommand's name: the last part of the module's name, with dashes."""
        return self.module.rpartition(".")[2].replace("_", "-")


GROUPS: dict[str, tuple[Command, ...]] = {
    "Start here": (
        Command("scripts.quickstart", "render, train, evaluate and report, in a few minutes: no settings needed"),
    ),
    "Make data": (
        Command("scripts.render", "render a dataset in Blender, impurities and masks included"),
        Command("scripts.import_labelme", "make a dataset folder of images with LabelMe files"),
        Command("scripts.import_coco", "the same of COCO files"),
        Command("scripts.import_cvat", "the same of CVAT's export"),
        Command("scripts.import_label_studio", "the same of Label Studio's export"),
        Command("scripts.import_mvtec", "the same of a folder in MVTec AD's layout"),
        Command("scripts.check_dataset", "say what a folder of images holds and what is wrong with it"),
        Command("scripts.find_suspects", "rank train images that may not be nominal, without a training"),
        Command("scripts.contact_sheet", "lay out pictures beside their masks"),
        Command("scripts.card", "write or check a dataset's card: Croissant, README, licence"),
        Command("scripts.export_dataset", "write a dataset as MVTec, COCO or LabelMe"),
        Command("scripts.build_asset_library", "build the library of materials and node groups for the extension"),
        Command("scripts.build_extension", "build the extension for Blender's window"),
    ),
    "Train": (
        Command("training.train", "collect a coreset from nominal images and find its threshold"),
        Command("training.train_defect_map", "train a defect map on synthetic anomalies"),
        Command("training.finetune", "update a coreset with another dataset"),
        Command("training.meld", "join coresets into one"),
        Command("training.fuse", "fuse detectors of any kind into one"),
        Command("training.adapt", "adapt an extractor to a product's nominal images"),
        Command("training.pretrain", "train a backbone on formula-driven pictures"),
        Command("scripts.synthesis_sheet", "draw the synthetic anomalies that a training sees"),
        Command("scripts.formula_pictures", "draw the formula pictures that a pretraining sees"),
    ),
    "Judge": (
        Command("eval.evaluate", "measure a trained model on its test split"),
        Command("eval.report", "write one HTML page about evaluated runs"),
        Command("scripts.reproduce_tables", "make the first paper's tables, from rendering to findings"),
        Command("scripts.calibrate_standin", "compare the rendered stand-in with the paper's real plates"),
        Command("scripts.threshold_transfer", "say what thresholds from synthetic validation plates cost"),
        Command("scripts.domain_gap", "say which findings of the tables depend on a gap between the domains"),
        Command("scripts.reproduce_ablation", "make the second paper's ablation"),
    ),
    "Teach": (
        Command("training.explain", "show which members an image resembles, and where they came from"),
        Command("training.forget", "drop the members that hide a missed defect"),
        Command("training.update", "add images to a coreset, such as false alarms"),
        Command("eval.review", "answer findings in a local page, and teach"),
    ),
    "Put on the line": (
        Command("training.predict", "anomaly maps and decisions for any images"),
        Command("training.export", "write a model as one ONNX or OpenVINO file"),
        Command("training.watch", "judge the pictures that arrive in a folder"),
        Command("training.serve", "judge pictures over HTTP"),
    ),
    "Measure": (
        Command("scripts.benchmark_accuracy", "accuracy beside anomalib"),
        Command("scripts.benchmark_check", "time of the check before a training"),
        Command("scripts.benchmark_contamination", "accuracy with defects among the train images"),
        Command("scripts.benchmark_coreset", "time and memory of the coreset"),
        Command("scripts.benchmark_defect_map", "accuracy of the defect map"),
        Command("scripts.benchmark_drift", "windows of pictures that are reported to drift"),
        Command("scripts.benchmark_export", "difference, time and size of exported models"),
        Command("scripts.benchmark_extractors", "time and accuracy of the extractors"),
        Command("scripts.benchmark_memory", "memory of a training"),
        Command("scripts.benchmark_patch_choices", "accuracy of choices on the patch grid"),
        Command("scripts.benchmark_render", "time of rendering"),
        Command("scripts.benchmark_serve", "load test of the HTTP service"),
        Command("scripts.benchmark_stain", "time of the water stain's back ends"),
        Command("scripts.benchmark_stain_contrast", "contrast of stains in bright and dark field"),
        Command("scripts.benchmark_teaching", "what teaching changes"),
        Command("scripts.benchmark_threshold", "what a threshold from few validation plates costs"),
        Command("scripts.continual_use", "accuracy over a month of daily updates"),
        Command("scripts.sampling_study", "render settings at which results no longer change"),
        Command("scripts.light_rows", "the paper's figure 3"),
        Command("scripts.effect_pictures", "the paper's figure 4"),
        Command("scripts.blemish_closeups", "all blemishes at full size, in every light field"),
        Command("scripts.preset_sheet", "the stain presets in bright and dark field"),
        Command("scripts.stain_closeups", "close-ups of water stains over each parameter"),
    ),
}

COMMANDS: dict[str, Command] = {command.name: command for group in GROUPS.values() for command in group}
