from .catalogue import (
    NAMES as NAMES,
    Description as Description,
    describe as describe,
    fetch as fetch,
    load as load,
    load_features as load_features,
    load_labelled as load_labelled,
)
from .data_set import (
    DataSet as DataSet,
    LabelledSamples as LabelledSamples,
)
from .image_folder import import_images as import_images
from .labels import Label as Label, class_indices as class_indices
from .run_parameters import RunParameters as RunParameters
from .splits import random_split as random_split, stratified_split as stratified_split
from .table import Table as Table, match_features as match_features, read_table as read_table
