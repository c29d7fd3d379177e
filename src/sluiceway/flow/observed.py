"""What is observed outside the declaration before any recipe is known: the files as they lie there now."""

from dataclasses import dataclass, field

import msgspec

from sluiceway.core.digest import sha256_hex
from sluiceway.core.errors import UnknownObjectError
from sluiceway.declare.api import Api
from sluiceway.declare.database import Database
from sluiceway.declare.files import Files
from sluiceway.declare.project import Project
from sluiceway.flow.kit import Kit
from sluiceway.flow.material import materials
from sluiceway.flow.streamed import Streamed, streams_of
from sluiceway.ingest.selection import file_identity
from sluiceway.ledger.making import declared, record_declared
from sluiceway.ports.extractor import Origin


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration as it can be kept between runs: hashable materials, and where each source's rows come from."""

    materials: dict[str, object]
    files: dict[str, Files]
    databases: dict[str, Database] = field(default_factory=dict)
    apis: dict[str, Api] = field(default_factory=dict)
    streams: dict[str, Streamed] = field(default_factory=dict)

    @property
    def origins(self) -> dict[str, Origin]:
        """The databases and APIs that sources are extracted from."""
        return {**self.databases, **self.apis}

    @property
    def has_secrets(self) -> bool:
        """Whether its spec calls any column sensitive."""
        return bool(self.materials.get("sensitive"))

    @property
    def asked_references(self) -> list[str]:
        """The references that its expectations name."""
        asked = self.materials.get("references")
        return [str(each) for each in asked] if isinstance(asked, list) else []


def declaration_key(fingerprint: str) -> str:
    """Where a declaration is remembered."""
    return f"declarations/{fingerprint}.json"


def read_declaration(kit: Kit) -> tuple[Declaration, Project | None]:
    """Remember an unchanged declaration, importing nothing; read a changed one, and remember it.

    Raises:
        DeclarationError: the declaration has problems.
    """
    fingerprint = kit.reader.fingerprint()
    remembered = recalled(fingerprint, kit)
    if remembered is not None:
        return remembered, None
    project = kit.reader.load()
    patterns = {name: source.files for name, source in project.sources.items() if source.files}
    extracts = {name: source.extract for name, source in project.sources.items()}
    databases = {name: origin for name, origin in extracts.items() if isinstance(origin, Database)}
    apis = {name: origin for name, origin in extracts.items() if isinstance(origin, Api)}
    declaration = Declaration(materials(project), patterns, databases, apis, streams_of(project))
    data = msgspec.json.encode(declaration)
    kit.objects.put(declaration_key(fingerprint), data)
    record_declared(kit.ledger, fingerprint, sha256_hex(data))
    return declaration, project


def recalled(fingerprint: str, kit: Kit) -> Declaration | None:
    """Recall what a fingerprint declares, if it is still in the store and still hashes to what the ledger recorded."""
    try:
        data = kit.objects.get(declaration_key(fingerprint))
        known = declared(kit.ledger).get(fingerprint) == sha256_hex(data)
        return msgspec.json.decode(data, type=Declaration) if known else None
    except (UnknownObjectError, msgspec.DecodeError):
        return None


def files_now(declaration: Declaration, kit: Kit) -> list[object]:
    """Identify every source file as it is now: by its SHA-256, or by size and tag where that would take too long."""
    return [[source, file_identity(files, store=kit.files)] for source, files in sorted(declaration.files.items())]
