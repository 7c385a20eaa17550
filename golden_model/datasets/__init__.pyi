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
    RunParameters as RunParameters,
)
