from .atomic import write_atomically as write_atomically
from .destination import check_destination as check_destination
from .model_file import Model as Model
from .model_format import FORMAT as FORMAT
from .npz import packed_arrays as packed_arrays, read_arrays as read_arrays
