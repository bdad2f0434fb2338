#!/usr/bin/env python3
"""Writes the WiX source of the installer from a staged folder and the interface definitions.

    msi.py --stage FOLDER --idl FILE --version X.Y.Z --bits x64|x86 > openmsp.wxs

The registry rows are those that DllRegisterServer writes for the DLL of this bitness; interop/package
installs the one, calls the other and compares. Identities of components and of the product's line
never change with the version (name-based UUIDs), so that upgrades replace and removals are complete.
"""
import argparse
import re
import sys
import uuid
from pathlib import Path
from xml.sax.saxutils import quoteattr as attr

NAMESPACE = uuid.UUID("563553ca-7c07-4e95-a16b-0a24e50df444")  # the type library's
AUTOMATION = "{00020424-0000-0000-C000-000000000046}"  # the system's marshaler by type library

parser = argparse.ArgumentParser()
for option in ("stage", "idl", "version", "bits"):
    parser.add_argument("--" + option, required=True)
options = parser.parse_args()
x64 = options.bits == "x64"
stage = Path(options.stage)


def braced(text):
    return "{" + str(text).upper() + "}"


def name_based(text):
    return braced(uuid.uuid5(NAMESPACE, options.bits + "/" + text))


idl = Path(options.idl).read_text(encoding="utf-8")
library = re.search(r'\[uuid\(([-0-9A-F]+)\), version\(([\d.]+)\), helpstring\("([^"]+)"\)\]\s*library', idl)
interfaces = re.findall(r"\[object,[^\]]*uuid\(([-0-9A-F]+)\)[^\]]*\]\s*interface (\w+) : IDispatch", idl)
address = re.search(r'\[uuid\(([-0-9A-F]+)\), helpstring\("([^"]+)"\)\]\s*coclass Address', idl)
if not library or not interfaces or not address:
    sys.exit("msi.py: " + options.idl + " does not look as it used to")
libid, version, title = braced(library[1]), library[2], library[3]
clsid, description = braced(address[1]), address[2]
dll = "[INSTALLFOLDER]openmsp.dll"

# (key, name or None, value)
rows = [
    (rf"CLSID\{clsid}", None, description),
    (rf"CLSID\{clsid}\InprocServer32", None, dll),
    (rf"CLSID\{clsid}\InprocServer32", "ThreadingModel", "Both"),
    (rf"CLSID\{clsid}\Programmable", None, ""),
    (rf"CLSID\{clsid}\TypeLib", None, libid),
    (rf"CLSID\{clsid}\ProgID", None, "OpenMSP.Address.1"),
    (rf"CLSID\{clsid}\VersionIndependentProgID", None, "OpenMSP.Address"),
    (r"OpenMSP.Address.1", None, description),
    (r"OpenMSP.Address.1\CLSID", None, clsid),
    (r"OpenMSP.Address", None, description),
    (r"OpenMSP.Address\CLSID", None, clsid),
    (r"OpenMSP.Address\CurVer", None, "OpenMSP.Address.1"),
    (rf"TypeLib\{libid}\{version}", None, title),
    (rf"TypeLib\{libid}\{version}\0\{'win64' if x64 else 'win32'}", None, dll),
    (rf"TypeLib\{libid}\{version}\FLAGS", None, "8"),
    (rf"TypeLib\{libid}\{version}\HELPDIR", None, "[INSTALLFOLDER]"),
]
for iid, name in interfaces:
    key = rf"Interface\{braced(iid)}"
    rows += [(key, None, name), (key + r"\ProxyStubClsid", None, AUTOMATION),
             (key + r"\ProxyStubClsid32", None, AUTOMATION), (key + r"\TypeLib", None, libid),
             (key + r"\TypeLib", "Version", version)]

out = []
identities = {}


def identity(path):
    """An identifier that WiX takes, of a file's path."""
    text = "f_" + re.sub(r"[^A-Za-z0-9_]", "_", path)
    while text in identities and identities[text] != path:
        text += "_"
    identities[text] = path
    return text


components = []


def component(path, inside=""):
    name = identity(path)
    components.append("c_" + name)
    win64 = ' Win64="yes"' if x64 else ""
    out.append(f'<Component Id="c_{name}" Guid={attr(name_based(path))}{win64}>')
    out.append(f'<File Id="{name}" Source={attr(str(stage / path))} Name={attr(Path(path).name)} KeyPath="yes"/>')
    out.append(inside + "</Component>")


def registry():
    text = ""
    for key, name, value in rows:
        key = attr("Software\\Classes\\" + key)
        named = f" Name={attr(name)}" if name else ""
        text += f'<RegistryValue Root="HKLM" Key={key}{named} Type="string" Value={attr(value)}/>\n'
    return text


def folder(relative):
    here = stage / relative
    for entry in sorted(here.iterdir()):
        path = entry.relative_to(stage).as_posix()
        if entry.is_dir():
            out.append(f'<Directory Id="d_{identity(path)}" Name={attr(entry.name)}>')
            folder(path)
            out.append("</Directory>")
        else:
            component(path, registry() if path == "openmsp.dll" else "")


out.append('<?xml version="1.0" encoding="utf-8"?>')
out.append('<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">')
out.append(f'<Product Id={attr(name_based("product " + options.version))} UpgradeCode={attr(name_based("line"))} '
           f'Name="OpenMSP ({options.bits})" Version="{options.version}" Manufacturer="OpenMSP" Language="1033">')
out.append('<Package InstallerVersion="200" Compressed="yes" InstallScope="perMachine" '
           'Description="OpenMSP, a TAPI 3 media service provider"/>')
out.append('<MajorUpgrade DowngradeErrorMessage="A newer version is installed."/>')
out.append('<Media Id="1" Cabinet="openmsp.cab" EmbedCab="yes"/>')
out.append('<Directory Id="TARGETDIR" Name="SourceDir">')
out.append(f'<Directory Id="{"ProgramFiles64Folder" if x64 else "ProgramFilesFolder"}">')
out.append('<Directory Id="INSTALLFOLDER" Name="OpenMSP">')
folder("")
out.append("</Directory></Directory></Directory>")
out.append('<Feature Id="all" Title="OpenMSP" Level="1">')
out += [f'<ComponentRef Id="{name}"/>' for name in components]
out.append("</Feature></Product></Wix>")
print("\n".join(out))
