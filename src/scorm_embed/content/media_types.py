"""What a file is, told by its name: its content type, and whether it is compressed already.

Owns one table for both, so that what the importer stores uncompressed is what the browser may seek in. It does not
ask the operating system's table: that one differs from machine to machine.
"""

from __future__ import annotations

OCTETS = "application/octet-stream"

_COMPRESSIBLE = {
    "text/html": "html htm shtml shtm",
    "application/xhtml+xml": "xhtml xht",
    "text/javascript": "js mjs cjs jsm",
    "text/css": "css",
    "application/json": "json map",
    "application/ld+json": "jsonld",
    "application/manifest+json": "webmanifest",
    "application/geo+json": "geojson",
    "application/xml": "xml xsl xslt xsd dtd rng imscc",
    "image/svg+xml": "svg",
    "text/plain": "txt text log md srt ini cfg conf",
    "text/csv": "csv",
    "text/vtt": "vtt",
    "application/ttml+xml": "ttml dfxp",
    "application/rtf": "rtf",
    "text/calendar": "ics",
    "application/wasm": "wasm",
    "font/ttf": "ttf",
    "font/otf": "otf",
    "font/collection": "ttc",
    "application/vnd.ms-fontobject": "eot",
    "image/bmp": "bmp dib",
    "image/tiff": "tif tiff",
    "image/x-icon": "ico cur",
    "application/vnd.apple.mpegurl": "m3u8 m3u",
    "application/dash+xml": "mpd",
    "model/gltf+json": "gltf",
    "model/obj": "obj",
    "application/msword": "doc dot",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt pps",
    "application/postscript": "ps eps ai",
}

_COMPRESSED = {
    "video/mp4": "mp4 m4v mp4v",
    "video/webm": "webm",
    "video/ogg": "ogv",
    "video/quicktime": "mov qt",
    "video/x-msvideo": "avi",
    "video/x-ms-wmv": "wmv asf",
    "video/x-flv": "flv f4v",
    "video/mpeg": "mpg mpeg mpe m2v",
    "video/mp2t": "ts m2ts mts",
    "video/iso.segment": "m4s",
    "video/3gpp": "3gp 3gpp",
    "video/x-matroska": "mkv",
    "audio/mpeg": "mp3 mp2 mpga",
    "audio/mp4": "m4a m4b",
    "audio/aac": "aac",
    "audio/ogg": "ogg oga opus spx",
    "audio/webm": "weba",
    "audio/wav": "wav wave",
    "audio/aiff": "aif aiff aifc",
    "audio/flac": "flac",
    "audio/midi": "mid midi",
    "audio/x-ms-wma": "wma",
    "audio/amr": "amr",
    "image/jpeg": "jpg jpeg jpe jfif",
    "image/png": "png apng",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/heic": "heic heif",
    "image/jxl": "jxl",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/gzip": "gz tgz",
    "application/x-brotli": "br",
    "application/zstd": "zst",
    "application/x-bzip2": "bz2",
    "application/x-xz": "xz",
    "application/x-7z-compressed": "7z",
    "application/vnd.rar": "rar",
    "application/java-archive": "jar",
    "application/epub+zip": "epub",
    "application/x-shockwave-flash": "swf",
    "model/gltf-binary": "glb",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx ppsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.unity": "unityweb unity3d",
}
_COMPRESSED_SVG = "svgz"

_TYPES = {
    extension: media_type
    for table in (_COMPRESSIBLE, _COMPRESSED)
    for media_type, extensions in table.items()
    for extension in extensions.split()
} | {_COMPRESSED_SVG: "image/svg+xml"}
_STORED_EXTENSIONS = frozenset(extension for listed in _COMPRESSED.values() for extension in listed.split()) | {
    _COMPRESSED_SVG
}

# Unity writes these and its loader expects the server to name the encoding; other names are left to the course, which
# may want to unpack the file itself.
_ENCODED_ENDINGS = tuple(
    (f".{inner}.{outer}", media_type, encoding)
    for outer, encoding in (("gz", "gzip"), ("br", "br"))
    for inner, media_type in (
        ("framework.js", "text/javascript"),
        ("loader.js", "text/javascript"),
        ("wasm", "application/wasm"),
        ("data", OCTETS),
        ("symbols.json", "application/json"),
    )
)


def extension_of(path: str) -> str:
    """Give what follows the last dot of the last part, in lower case; empty when there is none."""
    return path.rpartition("/")[2].rpartition(".")[2].lower() if "." in path.rpartition("/")[2] else ""


def media_type_of(path: str) -> str | None:
    """Give the content type that a name tells, or None.

    No charset is added: a page's own declaration decides, scripts and style sheets follow their page, and JSON, XML
    and VTT say or fix it themselves. A charset invented here would break courses that are not UTF-8.
    """
    for ending, media_type, _ in _ENCODED_ENDINGS:
        if path.endswith(ending):
            return media_type
    return _TYPES.get(extension_of(path))


def content_encoding_of(path: str) -> str | None:
    """Give the encoding that a file has in itself and that a browser must be told, or None."""
    if extension_of(path) == _COMPRESSED_SVG:
        return "gzip"
    return next((encoding for ending, _, encoding in _ENCODED_ENDINGS if path.endswith(ending)), None)


def is_stored(path: str) -> bool:
    """Tell whether a file is kept uncompressed: it is compressed in itself, or the browser seeks in it."""
    return extension_of(path) in _STORED_EXTENSIONS
