<?php
declare(strict_types=1);
namespace Vod;

foreach (['encode', 'sign', 'received', 'crc64', 'plan', 'answers', 'documents', 'events'] as $file) {
    require_once __DIR__ . "/wire/$file.php";
}
