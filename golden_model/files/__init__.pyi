from .atomic import write_atomically as write_atomically
from .data_image import DataImage as DataImage
from .destination import check_destination as check_destination
from .encoded_data import encoded_arrays as encoded_arrays, save_encoded as save_encoded
from .model_file import Model as Model
from .model_format import FORMAT as FORMAT
from .npz import packed_arrays as packed_arrays, read_arrays as read_arrays
