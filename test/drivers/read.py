# read.py psycopg|psycopg_binary|psycopg2|odbc: prints what statements.sql names as the driver gives it, in psql's text, a
# zero byte after each name and value. What has another class than that of its type is printed with its class, so that it
# differs from psql's.
import importlib
import os
import sys
from datetime import date, datetime
from decimal import Decimal

CLASSES = {'text': str, 'bigint': int, 'integer': int, 'numeric': Decimal, 'double precision': float, 'boolean': bool, 'date': date,
           'timestamp with time zone': datetime}
TEXTS = {
    str: str,
    int: str,
    Decimal: lambda value: format(value, 'f'),
    float: lambda value: repr(value).removesuffix('.0'),
    bool: lambda value: 't' if value else 'f',
    date: date.isoformat,
    # ODBC has no zones: a time is one of the session's.
    datetime: lambda value: (f"{value:%Y-%m-%d %H:%M:%S.%f}".rstrip('0').rstrip('.')
                             + (f"{value:%z}"[:3] + ':' + f"{value:%z}"[3:] if value.tzinfo else '+05:30' if ODBC else '')),
}


def text(value, type_name):
    if value is None:
        return r'\N'
    return TEXTS[CLASSES[type_name]](value) if type(value) is CLASSES[type_name] else f'{type(value)}: {value}'


driver = sys.argv[1]
ODBC = driver == 'odbc'
if ODBC:
    import pyodbc
    connection = pyodbc.connect(f"DRIVER={{PostgreSQL Unicode}};SERVER={os.environ['PGHOST']};PORT={os.environ['PGPORT']};"
                                f"DATABASE={os.environ['PGDATABASE']};UID={os.environ['PGUSER']};BoolsAsChar=0")
else:
    connection = importlib.import_module(driver.removesuffix('_binary')).connect('')
cursor = connection.cursor(binary=True) if driver.endswith('_binary') else connection.cursor()
for line in sys.stdin:
    statement, types = line.rstrip('\n').split('\t')
    types = types.split(',')
    cursor.execute(statement)
    # ODBC tells the classes even where there is no row.
    told = [column[1] if ODBC else CLASSES[name] for column, name in zip(cursor.description, types)]
    values = [column[0] if is_told is CLASSES[name] else f'{column[0]}: {is_told}'
              for column, is_told, name in zip(cursor.description, told, types)]
    for row in cursor.fetchall():
        values += map(text, row, types)
    sys.stdout.buffer.write(''.join(value + '\0' for value in values).encode())
