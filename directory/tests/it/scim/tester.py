"""Lets scim2-tester look at a SCIM server and prints what it found as JSON.

    SCIM_TOKEN=... tester.py http://127.0.0.1:8080/scim/v2
"""

import json
import os
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

http = Client(
    base_url=sys.argv[1],
    headers={"Authorization": "Bearer " + os.environ["SCIM_TOKEN"]},
    trust_env=False,
)
results = [
    {
        "status": one.status.name,
        "title": one.title,
        "reason": one.reason,
        "tags": sorted(one.tags),
        "resource_type": one.resource_type,
    }
    for one in check_server(SyncSCIMClient(http))
]
json.dump(results, sys.stdout, indent=1)
