"""Arrays in and out. The contract is in the header, arrays.pxd."""

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_WRITABLE, PyBuffer_Release, PyObject_CheckBuffer, PyObject_GetBuffer,
)
from cpython.object cimport PyObject, PyTypeObject
from cpython.pycapsule cimport PyCapsule_GetPointer
from cpython.ref cimport Py_INCREF
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport malloc
from libc.string cimport memcpy

cdef extern from *:
    """
    /* How each of numpy's arrays begins, since numpy 1.0: extension modules that are compiled for numpy read it so. */
    struct array_head {
        PyObject_HEAD
        char *data;
        int nd;
        Py_ssize_t *dimensions, *strides;
        PyObject *base, *descr;
        int flags;
    };
    """
    struct array_head:
        void *data
        int nd
        Py_ssize_t *dimensions
        void *descr
        int flags

cdef enum:
    CONTIGUOUS = 1     # flags of numpy's
    ALIGNED = 0x0100

# Numpy's functions for extension modules, by their places in its table, which hold since numpy 1.0.
cdef enum:
    OF_VERSION = 0
    OF_NEW_ARRAY = 94
    MOST_DIMENSIONS = 8

ctypedef unsigned int (*version_function)() noexcept
ctypedef object (*new_array_function)(
    PyTypeObject *type, PyObject *dtype, int n, const Py_ssize_t *shape, const Py_ssize_t *strides, void *memory,
    int flags, PyObject *like,
)  # takes over a reference to the dtype


cdef inline bint is_of_doubles(const Py_buffer *view) noexcept:
    return view.format != NULL and view.format[0] == b"d" and view.format[1] == 0


cdef bint get_doubles(x, Py_buffer *view) except -1:
    if not PyObject_CheckBuffer(x):
        return False
    try:
        PyObject_GetBuffer(x, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT)
    except (BufferError, ValueError):
        return False
    if is_of_doubles(view):
        return True
    PyBuffer_Release(view)
    return False


cdef int hold_doubles(array, Py_buffer *view, str name, int64_t rows, int64_t columns, bint writable=False) except -1:
    PyObject_GetBuffer(array, view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | (PyBUF_WRITABLE if writable else 0))
    if is_of_doubles(view) and view.ndim == 1 + (columns >= 0) and (rows < 0 or view.shape[0] == rows):
        if columns < 0 or view.shape[1] == columns:
            return 0
    shape = tuple([view.shape[k] for k in range(view.ndim)])
    kind = view.format.decode() if view.format != NULL else "B"
    PyBuffer_Release(view)
    wanted = [str(rows) if rows >= 0 else "rows"] + ([str(columns)] if columns >= 0 else [])
    wanted = f"({', '.join(wanted)}{',' * (columns < 0)})"
    raise ValueError(f"{name} must be an array of float64 of shape {wanted}, not {shape} of format {kind!r}")


cdef object doubles_of(array):
    import numpy

    if array.dtype.kind not in "biuf":
        return None
    return numpy.ascontiguousarray(array, dtype=numpy.float64)


cdef void *copied_rows(array, uint64_t columns, uint32_t *rows, str name) except NULL:
    cdef Py_buffer view
    cdef void *memory
    cdef uint64_t count
    PyObject_GetBuffer(array, &view, PyBUF_C_CONTIGUOUS)
    try:
        count = <uint64_t>view.len // (view.itemsize * columns)
        if count > 0xFFFFFFFF:
            raise ValueError(f"{name} are too many")
        memory = malloc(view.len + 1)
        if memory == NULL:
            raise MemoryError(f"no memory for the {name} of a program")
        memcpy(memory, view.buf, view.len)
        rows[0] = <uint32_t>count
        return memory
    finally:
        PyBuffer_Release(&view)


cdef void *memory_of(array) except? NULL:
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_C_CONTIGUOUS)
    PyBuffer_Release(&view)
    return view.buf


# numpy's, once it is there.
cdef new_array_function new = NULL  # for arrays of few dimensions, if its table is known
cdef PyTypeObject *array_type = NULL
cdef object empty = None
cdef object int32 = None
cdef object float64 = None
cdef bint knows_heads = False  # is what `array_head` says true of arrays?


cdef int import_numpy() except -1:
    global empty, int32, float64, knows_heads, array_type
    import numpy

    int32, float64 = numpy.dtype(numpy.int32), numpy.dtype(numpy.float64)
    array = numpy.empty((2, 3))
    knows_heads = head_is_that_of(array, <array_head *>array)
    array_type, empty = <PyTypeObject *>numpy.ndarray, numpy.empty
    find_new()
    return 0


cdef int find_new() except -1:
    global new
    cdef void **functions
    cdef unsigned int version
    try:
        from numpy._core._multiarray_umath import _ARRAY_API as table
    except ImportError:
        from numpy.core._multiarray_umath import _ARRAY_API as table
    functions = <void **>PyCapsule_GetPointer(table, NULL)
    version = (<version_function>functions[OF_VERSION])() >> 24
    if knows_heads and version in (1, 2):
        new = <new_array_function>functions[OF_NEW_ARRAY]
    return 0


cdef bint head_is_that_of(array, const array_head *head) except -1:
    if head.data != memory_of(array) or head.nd != 2 or head.descr != <void *>float64:
        return False
    return head.dimensions[0] == 2 and head.dimensions[1] == 3 and has_doubles(head)


cdef inline bint has_doubles(const array_head *head) noexcept:
    return head.descr == <void *>float64 and head.flags & CONTIGUOUS and head.flags & ALIGNED


cdef const double *doubles_in(array, Py_ssize_t dimensions, tuple shape) except? NULL:
    cdef const array_head *head = <array_head *>array
    cdef Py_ssize_t k
    if not knows_heads or head.nd != dimensions or not has_doubles(head):
        return NULL
    for k in range(dimensions):
        if head.dimensions[k] != <Py_ssize_t>shape[k]:
            return NULL
    return <const double *>head.data


cdef object new_array(shape, double **numbers):
    if empty is None:
        import_numpy()
    if new != NULL and type(shape) is tuple and len(<tuple>shape) <= MOST_DIMENSIONS:
        return new_array_of(<tuple>shape, numbers)
    array = empty(shape)
    numbers[0] = <double *>(<array_head *>array).data if knows_heads else <double *>memory_of(array)
    return array


cdef object new_array_of(tuple shape, double **numbers):
    cdef Py_ssize_t sizes[MOST_DIMENSIONS]
    cdef int k, n = <int>len(shape)
    for k in range(n):
        sizes[k] = shape[k]
    Py_INCREF(float64)
    array = new(array_type, <PyObject *>float64, n, sizes, NULL, NULL, 0, NULL)
    numbers[0] = <double *>(<array_head *>array).data
    return array


cdef object new_integers(shape, int32_t **numbers):
    if empty is None:
        import_numpy()
    array = empty(shape, int32)
    numbers[0] = <int32_t *>memory_of(array)
    return array


cdef object array_of(const void *numbers, shape, dtype):
    import numpy

    array = numpy.empty(shape, dtype=dtype)
    memcpy(memory_of(array), numbers, array.nbytes)
    return array
