<?php

$config = ['people' => ['exampleauth:UserPass']];

foreach (explode(' ', getenv('PEER_USERS')) as $name) {
    $config['people'][$name . ':' . getenv('PEER_PASSWORD')] = ['mail' => $name];
}
